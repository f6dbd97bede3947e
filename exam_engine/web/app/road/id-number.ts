/**
 * Personal numbers, looked at while one types: a slip is said before the server counts it as a try.
 * GB 11643 and ISO 7064 MOD 11-2 (domain.md §5.A); documents of other kinds have no check digit.
 * Twin of exam_engine/registration/id_numbers.py, which decides.
 */
import { isProvince } from './provinces'

export const ID_TYPES = ['id_card', 'hk_macao_permit', 'taiwan_permit', 'passport', 'foreign_permanent', 'officer'] as const
export type IdFault = '' | 'missing' | 'length' | 'signs' | 'province' | 'date' | 'check'

const OLD_LENGTH = 15 // before 1999; the server fills it up
const LENGTH = 18
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'
const OTHER = /^[A-Z0-9\u4e00-\u9fff()-]{6,30}$/

/** Without blanks, full-width signs as half-width ones, x as X. */
export const bareId = (text: string): string => text.normalize('NFKC').replace(/\s/g, '').toUpperCase()

function checkDigit(number: string): string {
  const sum = WEIGHTS.reduce((all, weight, index) => all + weight * Number(number[index]), 0)
  return CHECKS[sum % 11] ?? ''
}

function isPastDay(number: string, today: Date): boolean {
  const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)].map(Number) as [number, number, number]
  const born = new Date(Date.UTC(year, month - 1, day))
  return born.getUTCMonth() === month - 1 && born.getUTCDate() === day && born <= today
}

/** What is wrong with a number of this kind; '' when nothing is. */
export function idFault(kind: string, text: string, today: Date): IdFault {
  const number = bareId(text)
  if (!number) return 'missing'
  if (kind !== 'id_card') return OTHER.test(number) ? '' : 'signs'
  if (!/^\d{0,17}[\dX]$/.test(number.slice(0, LENGTH))) return 'signs'
  if (!isProvince(number.slice(0, 2))) return number.length < 2 ? 'length' : 'province'
  if (number.length === OLD_LENGTH && !number.endsWith('X')) return ''
  if (number.length !== LENGTH) return 'length'
  if (!isPastDay(number, today)) return 'date'
  return checkDigit(number) === number[17] ? '' : 'check'
}

/** A document of unknown kind: only what looks like an ID card can be checked. */
export function anyIdFault(text: string, today: Date): IdFault {
  return idFault(/^\d{17}[\dX]$/.test(bareId(text)) ? 'id_card' : 'other', text, today)
}
