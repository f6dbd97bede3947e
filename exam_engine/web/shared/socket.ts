/**
 * A WebSocket that comes back: waits longer after each failure, with jitter, so that ten thousand phones do not
 * return in the same second; asks "are you there?" regularly, and at once when the page is seen again.
 */

export interface SocketHandlers {
  /** The first frames on a fresh connection. */
  opened: (send: (frame: object) => void) => void
  text: (text: string) => void
  /** The connection is gone or could not be made; `failures` in a row. */
  down: (failures: number) => void
}

export interface SocketOptions {
  /** The frame that asks "are you there?". */
  ping?: () => object
  /** A ping was just sent. */
  pinged?: () => void
  pingEveryMs?: number
  deadAfterMs?: number
  make?: (url: string) => WebSocket
  random?: () => number
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000

export class LiveSocket {
  private socket: WebSocket | null = null
  private failures = 0
  private closed = false
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private pingTimer: ReturnType<typeof setInterval> | undefined
  private deadTimer: ReturnType<typeof setTimeout> | undefined
  private readonly ping: (() => object) | undefined
  private readonly pinged: (() => void) | undefined
  private readonly pingEveryMs: number
  private readonly deadAfterMs: number
  private readonly make: (url: string) => WebSocket
  private readonly random: () => number

  constructor(
    private readonly url: () => string,
    private readonly handlers: SocketHandlers,
    options: SocketOptions = {},
  ) {
    this.ping = options.ping
    this.pinged = options.pinged
    this.pingEveryMs = options.pingEveryMs ?? 25_000
    this.deadAfterMs = options.deadAfterMs ?? 8_000
    this.make = options.make ?? ((target) => new WebSocket(target))
    this.random = options.random ?? Math.random
  }

  open(): void {
    this.closed = false
    if (typeof window !== 'undefined') {
      window.addEventListener('online', this.nudge)
      window.addEventListener('offline', this.cut)
      document.addEventListener('visibilitychange', this.seen)
    }
    this.connect()
  }

  close(): void {
    this.closed = true
    if (typeof window !== 'undefined') {
      window.removeEventListener('online', this.nudge)
      window.removeEventListener('offline', this.cut)
      document.removeEventListener('visibilitychange', this.seen)
    }
    clearTimeout(this.retryTimer)
    this.drop()
  }

  get isOpen(): boolean {
    return this.socket?.readyState === 1
  }

  send(frame: object): boolean {
    if (!this.isOpen) return false
    this.socket?.send(JSON.stringify(frame))
    return true
  }

  sendBytes(frame: Uint8Array<ArrayBuffer>): boolean {
    if (!this.isOpen) return false
    this.socket?.send(frame)
    return true
  }

  /** Something is expected to be answered: if nothing at all is heard, the line is dead. */
  expect(): void {
    if (this.deadTimer === undefined) this.deadTimer = setTimeout(() => this.lost(), this.deadAfterMs)
  }

  /** The answer is a word of our protocol: the connection is good. */
  good(): void {
    this.failures = 0
  }

  /** Come back after at least `ms` (the server asked for it), with jitter on top. */
  retryAfter(ms: number): void {
    this.drop()
    this.schedule(ms + this.random() * Math.max(1_000, ms))
  }

  readonly nudge = (): void => {
    if (this.closed) return
    if (this.isOpen) this.askNow()
    else if (this.socket === null) this.connect()
  }

  /** The browser says there is no network: no need to wait until the silence proves it. */
  private readonly cut = (): void => {
    if (!this.closed && this.socket) this.lost()
  }

  private readonly seen = (): void => {
    if (document.visibilityState === 'visible') this.nudge()
  }

  private askNow(): void {
    if (!this.ping || !this.send(this.ping())) return
    this.pinged?.()
    this.expect()
  }

  private connect(): void {
    clearTimeout(this.retryTimer)
    if (this.closed || this.socket) return
    let socket: WebSocket
    try {
      socket = this.make(this.url())
    } catch {
      this.lost()
      return
    }
    this.socket = socket
    this.expect()
    socket.onopen = () => {
      this.handlers.opened((frame) => socket.send(JSON.stringify(frame)))
      this.pingTimer = setInterval(() => this.askNow(), this.pingEveryMs)
    }
    socket.onmessage = (message) => {
      this.heard()
      if (typeof message.data === 'string') this.handlers.text(message.data)
    }
    socket.onclose = () => this.socket === socket && this.lost()
  }

  private heard(): void {
    clearTimeout(this.deadTimer)
    this.deadTimer = undefined
  }

  private lost(): void {
    this.drop()
    if (this.closed) return
    this.failures += 1
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1))
    this.schedule(wait / 2 + (this.random() * wait) / 2)
    this.handlers.down(this.failures)
  }

  private schedule(ms: number): void {
    clearTimeout(this.retryTimer)
    if (!this.closed) this.retryTimer = setTimeout(() => this.connect(), ms)
  }

  private drop(): void {
    this.heard()
    clearInterval(this.pingTimer)
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}
