/** What the desk can do to a candidate: what each act needs, whom it fits, who may do it. */

import { isOver } from '../board/countdown'
import type { ActCommand, Tile } from '../wire'

export const ACT_KINDS = [
  'warn',
  'message',
  'pause',
  'resume',
  'extend',
  'lock',
  'unlock',
  'force',
  'accept',
  'refuse',
  'annul',
] as const
export type ActKind = (typeof ACT_KINDS)[number]

export const TEXT_CHARS_MAX = 500
export const MINUTES_MAX = 120

export interface ActForm {
  /** The words of a notice, or the reason of all else. */
  text: string
  minutes: number
}

interface Needs {
  text: 'notice' | 'reason' | null
  minutes: boolean
  /** Can't be undone: the number of people must be typed. */
  grave: boolean
}

const NOTICE: Needs = { text: 'notice', minutes: false, grave: false }
const REASON: Needs = { text: 'reason', minutes: false, grave: false }
const NOTHING: Needs = { text: null, minutes: false, grave: false }
const GRAVE: Needs = { text: 'reason', minutes: false, grave: true }

export const NEEDS: Record<ActKind, Needs> = {
  warn: NOTICE,
  message: NOTICE,
  pause: REASON,
  resume: NOTHING,
  extend: { text: 'reason', minutes: true, grave: false },
  lock: REASON,
  unlock: NOTHING,
  force: GRAVE,
  accept: NOTHING,
  refuse: REASON,
  annul: GRAVE,
}

const FITS: Record<ActKind, (tile: Tile) => boolean> = {
  warn: (tile) => !isOver(tile.phase),
  message: (tile) => !isOver(tile.phase),
  pause: (tile) => tile.phase === 'running' && tile.paused_at === null,
  resume: (tile) => tile.phase === 'running' && tile.paused_at !== null,
  extend: (tile) => tile.phase === 'running',
  lock: (tile) => tile.phase === 'running' && !tile.locked,
  unlock: (tile) => tile.phase === 'running' && tile.locked,
  force: (tile) => tile.phase === 'running',
  accept: (tile) => tile.identity === 'waiting',
  refuse: (tile) => tile.identity === 'waiting',
  annul: (tile) => tile.phase !== 'annulled',
}

/** Whether the act would change anything for this candidate as the board shows him. The server decides. */
export function fits(kind: ActKind, tile: Tile): boolean {
  return FITS[kind](tile)
}

const ACTING_ROLES: ReadonlySet<string> = new Set(['invigilator', 'chief', 'province'])
const ANNULLING_ROLES: ReadonlySet<string> = new Set(['chief', 'province'])
const RELEASING_ROLES: ReadonlySet<string> = new Set(['agency', 'province'])

export function mayAct(role: string): boolean {
  return ACTING_ROLES.has(role)
}

export function mayDo(kind: ActKind, role: string): boolean {
  return kind === 'annul' ? ANNULLING_ROLES.has(role) : mayAct(role)
}

export function mayRelease(role: string): boolean {
  return RELEASING_ROLES.has(role)
}

/** Acts that may go to everybody at once; an identity is judged by looking at each face. */
const FOR_EVERYBODY: ReadonlySet<ActKind> = new Set(['warn', 'message', 'pause', 'resume', 'extend', 'force'])

export function mayGoToEverybody(kind: ActKind): boolean {
  return FOR_EVERYBODY.has(kind)
}

export type FormFault = 'text_missing' | 'text_too_long' | 'minutes_wrong'

export function formFault(kind: ActKind, form: ActForm): FormFault | null {
  const text = form.text.trim()
  if (NEEDS[kind].text !== null && text === '') return 'text_missing'
  if (NEEDS[kind].text !== null && [...text].length > TEXT_CHARS_MAX) return 'text_too_long'
  const inRange = Number.isInteger(form.minutes) && form.minutes >= 1 && form.minutes <= MINUTES_MAX
  return NEEDS[kind].minutes && !inRange ? 'minutes_wrong' : null
}

export function commandOf(kind: ActKind, form: ActForm): ActCommand {
  const text = form.text.trim()
  switch (kind) {
    case 'warn':
      return { type: 'warn', level: 'warning', text }
    case 'message':
      return { type: 'warn', level: 'message', text }
    case 'pause':
      return { type: 'pause', reason: text }
    case 'resume':
      return { type: 'resume' }
    case 'extend':
      return { type: 'extend', seconds: form.minutes * 60, reason: text }
    case 'lock':
      return { type: 'lock_identity', reason: text }
    case 'unlock':
      return { type: 'unlock_identity' }
    case 'force':
      return { type: 'force_hand_in', reason: text }
    case 'accept':
      return { type: 'accept_identity' }
    case 'refuse':
      return { type: 'refuse_identity', reason: text }
    case 'annul':
      return { type: 'annul', reason: text }
  }
}

const KIND_OF_TYPE: Record<string, ActKind> = {
  pause: 'pause',
  resume: 'resume',
  extend: 'extend',
  lock_identity: 'lock',
  unlock_identity: 'unlock',
  force_hand_in: 'force',
  accept_identity: 'accept',
  refuse_identity: 'refuse',
  annul: 'annul',
}

export interface ToldCommand {
  kind: ActKind | null
  text: string
  minutes: number | null
}

/** A command as the list of past acts carries it, back into what the desk calls it. */
export function kindOf(command: unknown): ToldCommand {
  const told = typeof command === 'object' && command !== null ? (command as Record<string, unknown>) : {}
  const type = typeof told['type'] === 'string' ? told['type'] : ''
  const notice: ActKind = told['level'] === 'message' ? 'message' : 'warn'
  const words = type === 'warn' ? told['text'] : told['reason']
  const seconds = told['seconds']
  return {
    kind: type === 'warn' ? notice : (KIND_OF_TYPE[type] ?? null),
    text: typeof words === 'string' ? words : '',
    minutes: typeof seconds === 'number' ? Math.round(seconds / 60) : null,
  }
}
