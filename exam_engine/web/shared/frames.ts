/** What travels on the candidate's socket: the twin of exam_engine/messages.py, as one device sees it. */
import type { AttemptView, Clock, Facts, PaperView } from './shapes'

// --- up ---------------------------------------------------------------------------------------------------

export type AnswerBody = { type: 'answer'; no: number; choice: string }
export type ClearBody = { type: 'clear'; no: number }
export type MarkBody = { type: 'mark_for_later'; no: number; on: boolean }
export type HandInBody = { type: 'hand_in' }
/** A command that takes a number, before it has one. */
export type Body = AnswerBody | ClearBody | MarkBody | HandInBody
export type Numbered = Body & { seq: number }
/** Commands without a number: saying them twice is harmless. A start with `paper` is answered with the paper, too. */
export type Unnumbered = { type: 'start'; paper: boolean } | { type: 'acknowledge'; notice: number } | { type: 'time_up' }
export type DeviceCommand = Numbered | Unnumbered
export type FrameUp = { type: 'hello'; device: string; since: number } | { type: 'ping'; have: number } | DeviceCommand

// --- events -----------------------------------------------------------------------------------------------

export type Ending = 'candidate' | 'time' | 'invigilator' | 'rule'

export type Event =
  | { type: 'entered' }
  | { type: 'portrait_taken'; device: string; picture: string; why?: string }
  | { type: 'identity_accepted'; by: number }
  | { type: 'identity_refused'; by: number; reason: string }
  | { type: 'device_taken'; device: string }
  | { type: 'started'; deadline_at: string }
  | { type: 'answered'; seq: number; no: number; choice: string }
  | { type: 'cleared'; seq: number; no: number }
  | { type: 'marked_for_later'; seq: number; no: number; on: boolean }
  | { type: 'came_late'; seq: number; no: number; choice: string }
  | { type: 'warned'; notice: number; level: 'message' | 'warning'; text: string; by: number; rule?: string }
  | { type: 'acknowledged'; notice: number }
  | { type: 'paused'; reason: string; by: number }
  | { type: 'resumed'; deadline_at: string; by: number }
  | { type: 'extended'; seconds: number; reason: string; deadline_at: string; by: number }
  | { type: 'identity_locked'; reason: string; by: number }
  | { type: 'identity_unlocked'; by: number }
  | {
      type: 'submitted'
      as_of: string
      ending: Ending
      unanswered: number
      seq?: number
      reason?: string
      by?: number
    }
  | { type: 'marked' }
  | { type: 'released' }
  | { type: 'annulled'; reason: string; by: number }

export interface ToldEvent {
  version: number
  at: string
  event: Event
}

// --- down -------------------------------------------------------------------------------------------------

export type Welcome =
  | { type: 'welcome'; view: AttemptView }
  | { type: 'welcome'; view: null; version: number; last_seq: number; clock: Clock | null }
export type Ack = { type: 'ack'; seq: number; version: number; result: string }
export type Rejected = { type: 'rejected'; code: string; last_seq: number; seq?: number; facts?: Facts }
export type Told = ToldEvent & { type: 'told'; clock: Clock | null }
export type Pong = { type: 'pong'; clock: Clock | null }
export type Bye = { type: 'bye'; code: string; retry_after_ms?: number }
export type PaperFrame = PaperView & { type: 'paper' }
/** Of pictures, which go up in binary frames (app/exam/carrying.ts). */
export type NextPiece = { type: 'next_piece'; n: number; part: number }
export type Captured = { type: 'captured'; n: number; picture: string; next_in_s: number }
export type CaptureRefused = { type: 'capture_refused'; n: number; code: string; status: number; facts?: Facts }
export type FrameDown =
  | Welcome
  | Ack
  | Rejected
  | Told
  | Pong
  | Bye
  | PaperFrame
  | NextPiece
  | Captured
  | CaptureRefused

const KNOWN: ReadonlySet<string> = new Set<FrameDown['type']>([
  'welcome',
  'ack',
  'rejected',
  'told',
  'pong',
  'bye',
  'paper',
  'next_piece',
  'captured',
  'capture_refused',
])

/** A frame as text, or null when it is none of ours: a newer server may say more than this page knows. */
export function readFrame(text: string): FrameDown | null {
  try {
    const value: unknown = JSON.parse(text)
    const type = (value as { type?: unknown } | null)?.type
    return typeof type === 'string' && KNOWN.has(type) ? (value as FrameDown) : null
  } catch {
    return null
  }
}
