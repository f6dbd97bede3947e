/**
 * Keeps the board fed: by the socket, or by polling for as long as no socket can be had.
 *
 * Polling starts the moment the socket is lost and ends with the first board a new socket brings; so the worst a
 * broken network can do is make the board a few seconds older, and `heardAt` says by how much.
 */

import { asProblem } from '@shared/problem'
import type { BoardFrame, BoardSnapshot, Tile } from '../wire'

export const POLL_MS = 5_000
export const PING_MS = 25_000
export const SILENCE_MS = 40_000 // no pong to a ping: the line is dead though nobody said so
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000

export type Line = 'connecting' | 'live' | 'polling' | 'ended'

/** The part of a WebSocket that is used. */
export interface Socket {
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(data: string): void
  close(): void
}

export interface Ports {
  openSocket(): Socket
  poll(): Promise<BoardSnapshot>
  random(): number
}

export interface Ears {
  board(tiles: readonly Tile[]): void
  tiles(tiles: readonly Tile[]): void
  /** Something was heard; `nowIso` is the server's present time where the word told it. */
  heard(nowIso: string | undefined): void
  line(line: Line): void
  /** Nothing more will come: logged out, or not allowed to look. */
  ended(code: string): void
}

type Timer = ReturnType<typeof setTimeout>

export class BoardFeed {
  private line: Line = 'connecting'
  private socket: Socket | null = null
  private failures = 0
  private parts: Tile[] = [] // of a board that has not come to its end
  private pollTimer: Timer | null = null
  private retryTimer: Timer | null = null
  private pingTimer: Timer | null = null
  private silenceTimer: Timer | null = null

  constructor(
    private readonly ports: Ports,
    private readonly ears: Ears,
  ) {}

  start(): void {
    this.connect()
  }

  /** Something else is to be shown from now on: ask anew. */
  again(): void {
    if (this.line === 'ended') return
    if (this.retryTimer !== null) clearTimeout(this.retryTimer)
    this.hangUp()
    this.connect()
  }

  stop(): void {
    this.line = 'ended'
    for (const timer of [this.pollTimer, this.retryTimer]) if (timer !== null) clearTimeout(timer)
    this.pollTimer = this.retryTimer = null
    this.hangUp()
  }

  private connect(): void {
    this.retryTimer = null
    this.parts = []
    const socket = this.ports.openSocket()
    this.socket = socket
    this.listenForSilence(socket)
    socket.onmessage = (event) => {
      if (socket === this.socket) this.hear(socket, event.data)
    }
    socket.onclose = () => {
      if (socket === this.socket) this.lose(this.retryDelay())
    }
  }

  private hear(socket: Socket, data: unknown): void {
    const frame = readFrame(data)
    if (frame === null) return
    this.listenForSilence(socket)
    if (frame.type === 'bye') {
      if (frame.code === 'logged_out') this.end(frame.code)
      else this.lose(Math.max(frame.retry_after_ms ?? 0, this.retryDelay()))
      return
    }
    if (frame.type === 'part') {
      for (const tile of frame.tiles) this.parts.push(tile)
      return
    }
    this.ears.heard(frame.now)
    if (frame.type === 'board') this.goLive(socket, this.whole(frame.tiles))
    if (frame.type === 'tiles') this.ears.tiles(frame.tiles)
  }

  private whole(last: readonly Tile[]): readonly Tile[] {
    const parts = this.parts
    this.parts = []
    return parts.length === 0 ? last : [...parts, ...last]
  }

  private goLive(socket: Socket, tiles: readonly Tile[]): void {
    this.failures = 0
    if (this.pollTimer !== null) clearTimeout(this.pollTimer)
    this.pollTimer = null
    this.ears.board(tiles)
    this.say('live')
    if (this.pingTimer !== null) clearInterval(this.pingTimer)
    this.pingTimer = setInterval(() => socket.send('{"type":"ping"}'), PING_MS)
  }

  private listenForSilence(socket: Socket): void {
    if (this.silenceTimer !== null) clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => {
      if (socket === this.socket) this.lose(this.retryDelay())
    }, SILENCE_MS)
  }

  private lose(retryMs: number): void {
    this.hangUp()
    if (this.line === 'ended') return
    this.retryTimer = setTimeout(() => this.connect(), retryMs)
    if (this.pollTimer === null) {
      this.say('polling')
      this.pollTimer = setTimeout(() => void this.poll(), 0)
    }
  }

  /** Doubled with every failure and scattered, so that a restarted server is not met by all desks at once. */
  private retryDelay(): number {
    const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.failures)
    this.failures += 1
    return longest * (0.5 + 0.5 * this.ports.random())
  }

  private async poll(): Promise<void> {
    const mine = this.pollTimer
    try {
      const snapshot = await this.ports.poll()
      if (this.pollTimer !== mine) return // the socket was quicker
      this.ears.heard(snapshot.now)
      this.ears.board(snapshot.tiles)
    } catch (error) {
      const problem = asProblem(error)
      if (this.pollTimer === mine && [401, 403, 404].includes(problem.status)) {
        this.end(problem.status === 401 ? 'logged_out' : problem.code)
      }
    }
    if (this.pollTimer === mine && mine !== null) this.pollTimer = setTimeout(() => void this.poll(), POLL_MS)
  }

  private end(code: string): void {
    this.stop()
    this.ears.line('ended')
    this.ears.ended(code)
  }

  private hangUp(): void {
    if (this.pingTimer !== null) clearInterval(this.pingTimer)
    if (this.silenceTimer !== null) clearTimeout(this.silenceTimer)
    this.pingTimer = this.silenceTimer = null
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private say(line: Line): void {
    if (this.line === line) return
    this.line = line
    this.ears.line(line)
  }
}

/** A frame as text, or null when it is none of ours: a newer server may say more than this page knows. */
export function readFrame(data: unknown): BoardFrame | null {
  if (typeof data !== 'string') return null
  try {
    const value: unknown = JSON.parse(data)
    const type = (value as { type?: unknown } | null)?.type
    return typeof type === 'string' && ['part', 'board', 'tiles', 'pong', 'bye'].includes(type)
      ? (value as BoardFrame)
      : null
  } catch {
    return null
  }
}
