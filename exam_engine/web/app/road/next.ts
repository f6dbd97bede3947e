/** Where somebody stands on the road, where it goes on, and what he waits for: read off the server's word. */
import type { FileStanding, Home } from './shapes'

const PLACES = ['certify', 'bind', 'password', 'notice', 'home'] as const
export type Place = (typeof PLACES)[number]

const PAGE_OF_PLACE: Readonly<Record<string, string>> = {
  certify: '/certify',
  bind: '/province',
  password: '/assessment-password',
  notice: '/notice',
  home: '/',
  exams_only: '/papers',
}
const PAGE_OF_BUTTON: Readonly<Record<string, string>> = {
  certify: '/certify',
  bind: '/province',
  change_password: '/assessment-password',
  read_notice: '/notice',
  confirm_profile: '/profile',
  choose_procedure: '/procedure',
  self_evaluate: '/evaluation',
  details: '/details',
}
const PAGE_OF_SUBJECT: Readonly<Record<string, string>> = {
  profile: '/profile',
  evaluation: '/evaluation',
  exemption: '/exemption',
  deferral: '/file/deferral',
  change: '/file/change',
}
const WAITS_FOR: Readonly<Record<string, string>> = { org_review: 'institution', agy_review: 'agency', escalated: 'province' }

export const pageOfPlace = (place: string): string => PAGE_OF_PLACE[place] ?? '/'
export const pageOfButton = (button: string): string | null => PAGE_OF_BUTTON[button] ?? null
export const pageOfSubject = (subject: string): string => PAGE_OF_SUBJECT[subject] ?? '/'

/** Whether a page of the road is still ahead of where the account is. */
export function isAhead(page: Place, place: string): boolean {
  const at = (PLACES as readonly string[]).indexOf(place)
  return at >= 0 && at < PLACES.indexOf(page)
}

export interface Station {
  code: 'sign_up' | 'certify' | 'bind' | 'notice' | 'home'
  state: 'done' | 'current' | 'todo'
}

/** The small road of the app's home; the new password belongs to the binding. */
export function stations(place: string): Station[] {
  const codes = ['sign_up', 'certify', 'bind', 'notice', 'home'] as const
  const at = codes.indexOf((place === 'password' ? 'bind' : place) as (typeof codes)[number])
  return codes.map((code, index) => ({ code, state: index < at ? 'done' : index === at ? 'current' : 'todo' }))
}

/** Who has a file now; '' when nobody reviews it. */
export const heldBy = (file: FileStanding): string => WAITS_FOR[file.state] ?? ''

/** The file somebody else has now: the one the page waits for, else the newest. */
export function awaited(home: Pick<Home, 'files' | 'waiting'>): FileStanding | null {
  const there = home.files.filter(heldBy).sort((one, other) => other.moved_at.localeCompare(one.moved_at))
  return there.find((file) => heldBy(file) === home.waiting) ?? there[0] ?? null
}

/** What came back: to be mended first, then what was refused; a file that has gone on again is not among them. */
export function cameBack(files: readonly FileStanding[]): FileStanding[] {
  const rank = (file: FileStanding): number => ['org_returned', 'agy_returned', 'rejected'].indexOf(file.state)
  return files.filter((file) => rank(file) >= 0).sort((one, other) => Number(rank(one) === 2) - Number(rank(other) === 2))
}

export const mayMend = (file: FileStanding): boolean => file.state !== 'rejected'
