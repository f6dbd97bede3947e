/**
 * Pictures over the live socket, in pieces: the next goes when the server has the one before, so that an answer never
 * waits behind more than one piece, however slow the line is. Where the last picture took no time all go at once.
 *
 * Each piece is a binary frame: a line of JSON that says which it is (`Piece` of exam_engine/messages.py), then bytes.
 */
import type { CaptureRefused, Captured as CapturedFrame, NextPiece } from '@shared/frames'
import { Problem } from '@shared/problem'
import type { Captured } from '@shared/shapes'
import type { CaptureWhy } from './captures'

export const PIECE_BYTES = 16 * 1024
const PATIENCE_MS = 20_000 // for the word on each piece
const MISSES_MAX = 2
const QUICK_MS = 500
const AGO_MAX_MS = 86_400_000

export interface Shot {
  why: CaptureWhy
  agoMs: number
  jpeg: Blob
}

/** It can't go over the socket, or nobody knows whether it arrived: another way is as good, and twice is harmless. */
export class NotCarried extends Error {}

interface UnderWay {
  n: number
  shot: Shot
  bytes: Uint8Array
  parts: number
  ask: boolean
  begun: number
  resolve: (captured: Captured) => void
  reject: (error: Error) => void
  timer?: ReturnType<typeof setTimeout>
}

export type PictureFrame = NextPiece | CapturedFrame | CaptureRefused

export class Carrier {
  private count = 0
  private misses = 0
  private quick = false // the last picture was kept soon
  private current: UnderWay | null = null

  /** `send`: false when there is no line. */
  constructor(private readonly send: (frame: Uint8Array<ArrayBuffer>) => boolean) {}

  /** One at a time. Rejects with NotCarried, or with what the server refused it for. */
  async carry(shot: Shot): Promise<Captured> {
    const bytes = new Uint8Array(await shot.jpeg.arrayBuffer())
    if (this.current || this.misses >= MISSES_MAX || bytes.length === 0) throw new NotCarried()
    this.count += 1
    const [n, parts] = [this.count, Math.ceil(bytes.length / PIECE_BYTES)]
    return new Promise((resolve, reject) => {
      const ask = !this.quick
      this.current = { n, shot, bytes, parts, ask, begun: performance.now(), resolve, reject }
      for (let part = 0; part < (ask ? 1 : parts) && this.current; part += 1) this.sendPart(this.current, part)
    })
  }

  heard(frame: PictureFrame): void {
    const current = this.current
    if (!current || (frame.n !== current.n && frame.n !== 0)) return
    if (frame.type === 'next_piece') this.sendPart(current, frame.part)
    else if (frame.type === 'captured') {
      this.misses = 0
      this.quick = performance.now() - current.begun < QUICK_MS
      this.end()?.resolve({ picture: frame.picture, next_in_s: frame.next_in_s })
    } else if (frame.code === 'wrong_shape') this.miss(MISSES_MAX)
    else this.end()?.reject(new Problem(frame.code, frame.status, frame.facts ?? {}))
  }

  /** The line is gone. `unknown`: since the server does not know such frames. */
  broken(unknown = false): void {
    if (this.current) this.miss(unknown ? MISSES_MAX : 0)
  }

  private sendPart(current: UnderWay, part: number): void {
    const { n, bytes, parts, ask, shot } = current
    const ago_ms = Math.min(AGO_MAX_MS, Math.max(0, Math.round(shot.agoMs)))
    const head = new TextEncoder().encode(`${JSON.stringify({ n, part, parts, why: shot.why, ago_ms, ask })}\n`)
    const piece = bytes.subarray(part * PIECE_BYTES, (part + 1) * PIECE_BYTES)
    const frame = new Uint8Array(head.length + piece.length)
    frame.set(head)
    frame.set(piece, head.length)
    clearTimeout(current.timer)
    current.timer = setTimeout(() => this.miss(1), PATIENCE_MS)
    if (!this.send(frame)) this.miss(0)
  }

  /** Another way, this time; after so many misses in a row every time. */
  private miss(count: number): void {
    this.misses += count
    this.quick = false
    this.end()?.reject(new NotCarried())
  }

  private end(): UnderWay | null {
    const { current } = this
    this.current = null
    if (current) clearTimeout(current.timer)
    return current
  }
}

/** The one way, else the other; `post` is told how long the first has taken. */
export async function eitherWay(
  carry: () => Promise<Captured>,
  post: (lostMs: number) => Promise<Captured>,
): Promise<Captured> {
  const begun = performance.now()
  try {
    return await carry()
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error
  }
  return post(performance.now() - begun)
}
