/**
 * The line to the server: the socket first, its HTTP twin while the socket can't be had. Whoever uses it sees
 * frames only and needn't know which of the two carried them.
 *
 * `take` is asked for what may be sent now. When a line breaks, `broken` is told at once, since nobody then knows
 * what arrived; everything unacknowledged is taken and sent again on the next one.
 */
import type { DeviceCommand, FrameDown, ToldEvent } from '@shared/frames'
import { readFrame } from '@shared/frames'
import { asProblem, type Problem } from '@shared/problem'
import type { BatchOutcome, Captured } from '@shared/shapes'
import { LiveSocket, type SocketOptions } from '@shared/socket'
import { Carrier, NotCarried, type Shot } from './carrying'

export type LineState = 'connecting' | 'socket' | 'http' | 'down'

export interface LineHandlers {
  since: () => number
  take: () => DeviceCommand[]
  frame: (frame: FrameDown, askedAt: number | null) => void
  state: (state: LineState) => void
  /** What was taken and not answered yet may be lost: it will be taken again. */
  broken: () => void
  /** Too many events were missed for the HTTP twin: the attempt must be fetched anew. */
  stale: () => void
  /** It makes no sense to go on: logged out, or no such attempt. */
  over: (problem: Problem) => void
}

export type Post = (since: number, commands: DeviceCommand[]) => Promise<BatchOutcome>

const POLL_MS = 5_000
const POLL_SLOWEST_MS = 15_000
const PATIENCE_BEFORE_POLL_MS = 1_500

/** What the desk does: it wants to see that it arrived. */
const DESK_EVENTS: ReadonlySet<string> = new Set([
  'warned',
  'paused',
  'resumed',
  'extended',
  'identity_locked',
  'identity_unlocked',
])

export class Line {
  state: LineState = 'connecting'
  private readonly socket: LiveSocket
  private readonly pictures = new Carrier((frame) => this.socket.sendBytes(frame))
  private closed = true
  private polling = false
  private asking = false
  private again = false
  private misses = 0
  private generation = 0
  private pollTimer: ReturnType<typeof setTimeout> | undefined
  private pingAt: number | null = null

  constructor(
    private readonly device: string,
    url: string,
    private readonly post: Post,
    private readonly handlers: LineHandlers,
    options: SocketOptions = {},
  ) {
    this.socket = new LiveSocket(
      () => url,
      {
        opened: (send) => send({ type: 'hello', device: this.device, since: this.handlers.since() }),
        text: (text) => this.heard(text),
        down: (failures) => this.socketDown(failures),
      },
      { ...options, ping: () => ({ type: 'ping', have: this.handlers.since() }), pinged: () => (this.pingAt = performance.now()) },
    )
  }

  open(): void {
    this.closed = false
    this.socket.open()
    this.pollSoon(PATIENCE_BEFORE_POLL_MS * 2) // a network that swallows sockets never says so
  }

  close(): void {
    this.closed = true
    this.generation += 1
    clearTimeout(this.pollTimer)
    this.socket.close()
    this.pictures.broken()
  }

  /** There may be something to send. */
  kick(): void {
    if (this.state === 'socket') this.drain()
    else if (this.state === 'http') void this.poll()
  }

  /** The page is seen again after who knows how long: ask for a fresh clock. */
  look(): void {
    this.socket.nudge()
    if (this.state !== 'socket') void this.poll()
  }

  /** A picture over the socket, behind whatever else there is to say. Rejects with NotCarried while there is none. */
  async carry(shot: Shot): Promise<Captured> {
    if (this.state !== 'socket') throw new NotCarried()
    return this.pictures.carry(shot)
  }

  private drain(): void {
    for (const command of this.handlers.take()) {
      this.socket.send(command)
      this.socket.expect()
    }
  }

  private heard(text: string): void {
    const frame = readFrame(text)
    if (!frame) return
    if (frame.type === 'bye') {
      this.bye(frame.code, frame.retry_after_ms ?? 0)
      return
    }
    if (frame.type === 'next_piece' || frame.type === 'captured' || frame.type === 'capture_refused') {
      this.pictures.heard(frame)
      return
    }
    const askedAt = frame.type === 'pong' ? this.pingAt : null
    if (frame.type === 'pong') this.pingAt = null
    if (frame.type === 'welcome') this.welcomed()
    this.handlers.frame(frame, askedAt)
    if (frame.type === 'told' && DESK_EVENTS.has(frame.event.type)) this.socket.nudge() // "received", at once
    if (frame.type === 'welcome') this.become('socket')
    if (this.state === 'socket') this.drain()
  }

  private welcomed(): void {
    this.socket.good()
    this.generation += 1 // what an HTTP twin still under way says is old news now
    this.asking = false
    this.polling = false
    this.misses = 0
    clearTimeout(this.pollTimer)
  }

  private bye(code: string, retryAfterMs: number): void {
    if (code === 'superseded') return this.handlers.frame({ type: 'bye', code }, null) // stays to listen
    this.pictures.broken(code === 'protocol')
    if (code === 'logged_out') return this.handlers.over(asProblem(null))
    this.socket.retryAfter(retryAfterMs || 1_000)
    this.socketDown(1)
  }

  private socketDown(failures: number): void {
    if (this.closed) return
    this.pictures.broken()
    if (this.state === 'socket') {
      this.handlers.broken()
      this.become('connecting')
      this.pollSoon(PATIENCE_BEFORE_POLL_MS)
    } else if (!this.polling || (failures === 1 && !this.asking)) this.pollSoon(PATIENCE_BEFORE_POLL_MS)
  }

  private pollSoon(ms: number): void {
    clearTimeout(this.pollTimer)
    this.polling = true
    this.pollTimer = setTimeout(() => void this.poll(), ms)
  }

  private async poll(): Promise<void> {
    if (this.closed || this.state === 'socket') return
    if (this.asking) {
      this.again = true
      return
    }
    const generation = this.generation
    const askedAt = performance.now()
    this.asking = true
    try {
      const outcome = await this.post(this.handlers.since(), this.handlers.take())
      if (generation !== this.generation) return
      this.misses = 0
      this.become('http')
      this.tell(outcome, askedAt)
    } catch (error) {
      if (generation !== this.generation) return
      this.missed(asProblem(error))
    }
    this.asking = false
    if (this.closed) return
    const soon = this.again && this.state === 'http'
    this.again = false
    this.pollSoon(soon ? 0 : Math.min(POLL_SLOWEST_MS, POLL_MS * (1 + this.misses / 2)))
  }

  private missed(problem: Problem): void {
    this.misses += 1
    this.handlers.broken()
    if (problem.code === 'superseded' || problem.code === 'portrait_needed') {
      this.handlers.frame({ type: 'bye', code: 'superseded' }, null)
    } else if (problem.passing) this.become('down')
    else if ([401, 403, 404].includes(problem.status)) this.handlers.over(problem)
    else this.become('down')
  }

  private become(state: LineState): void {
    const before = this.state
    this.state = state
    if (before !== state) this.handlers.state(state)
  }

  /** The outcome of a batch as the frames the socket would have brought: the paper, events, the rest. */
  private tell(outcome: BatchOutcome, askedAt: number): void {
    const { clock, last_seq, version } = outcome
    if (outcome.paper) this.handlers.frame({ type: 'paper', ...outcome.paper }, askedAt)
    if (outcome.events === null) this.handlers.stale()
    for (const told of (outcome.events ?? []) as ToldEvent[]) {
      this.handlers.frame({ type: 'told', ...told, clock }, askedAt)
    }
    for (const one of outcome.results) {
      const seq = one.seq ?? 0
      if (one.result === 'refused') {
        this.handlers.frame(
          { type: 'rejected', code: one.code ?? 'unknown', seq, last_seq, facts: one.facts ?? {} },
          askedAt,
        )
      } else if (seq > 0) this.handlers.frame({ type: 'ack', seq, version, result: one.result }, askedAt)
    }
    this.handlers.frame({ type: 'pong', clock }, askedAt)
  }
}
