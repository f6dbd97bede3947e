/** Words for codes of the bank; what a newer server says and this page does not know is shown as it came. */

import type { Problem } from '@shared/problem'
import { known, sayCode, type Words } from '../parts/saying'
import type { Complaint } from './check'

export const sayCategory = (words: Words, code: string): string =>
  code === '' ? words.t('bank.any.category', {}) : known(words, `reg.option.category.${code}`, code)
export const saySpecialty = (words: Words, code: string): string => known(words, `reg.option.specialty.${code}`, code)
export const sayLevel = (words: Words, code: string): string =>
  code === '' ? words.t('bank.any.level', {}) : known(words, `bank.level.${code}`, code)
export const sayStatus = (words: Words, code: string): string => known(words, `bank.status.${code}`, code)
export const sayAlarm = (words: Words, code: string): string => known(words, `stats.alarm.${code}`, code)
export const sayEvent = (words: Words, code: string): string => known(words, `bank.event.${code}`, code)
export const sayFlag = (words: Words, code: string): string => known(words, `bank.flag.${code}`, code)
export const sayDifficulty = (words: Words, difficulty: number | string): string =>
  known(words, `bank.difficulty.${difficulty}`, String(difficulty))

export function sayComplaint(words: Words, complaint: Complaint): string {
  const key = `bank.problem.${complaint.code}`
  return words.te(key) ? words.t(key, complaint.facts) : String(complaint.facts['text'] ?? complaint.code)
}

/** Why a row of a file could not be taken: by its code where this page has words for it, else as the server says it. */
export function sayReason(words: Words, code: string, reason: string): string {
  return known(words, `bank.row.${code}`, known(words, `bank.problem.${code}`, reason || code))
}

/** The states of an item in its history: active, active_review … */
export function sayState(words: Words, state: string): string {
  const [status = '', draft] = state.split('_')
  if (state === '') return ''
  return draft === undefined ? sayStatus(words, status) : `${sayStatus(words, status)} · ${words.t(`bank.copy.${draft}`, {})}`
}

/** A refusal: the bank's own sentence where a code means something of its own here, else the desk's. */
export function sayProblem(words: Words, problem: Problem): string {
  return sayBankCode(words, problem.code, problem.facts)
}

export function sayBankCode(words: Words, code: string, facts: Record<string, unknown> = {}): string {
  const own = `bank.codes.${code}`
  return words.te(own) ? words.t(own, facts) : sayCode(words, code, facts)
}
