/** 定考账号: the filters of the list, whether a new one is complete, a file for the import, and its report as a table. */

import type { RowProblem } from '../wire'

export const ACCOUNT_STATES = ['unbound', 'bound', 'transferred'] as const

export interface RosterFilter {
  q: string
  state: string
}

export function filterFrom(query: Record<string, unknown>): RosterFilter {
  const q = typeof query['q'] === 'string' ? query['q'].trim().slice(0, 60) : ''
  const state = ACCOUNT_STATES.find((each) => each === query['state']) ?? ''
  return { q, state }
}

export function queryOf(filter: RosterFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
}

export interface NewPhysician {
  name: string
  idNumber: string
  department: string
  /** Asked of a province only. */
  institutionId: number | null
}

export type NewFault = 'name' | 'id_number' | 'checksum' | 'institution'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

/** Whether the last sign of an 18-digit ID number follows from the others (GB 11643). */
export function checksumFits(idNumber: string): boolean {
  if (!/^[0-9]{17}[0-9X]$/.test(idNumber)) return false
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(idNumber[at]), 0)
  return CHECKS[sum % 11] === idNumber[17]
}

export const cleanId = (idNumber: string): string => idNumber.replace(/\s/g, '').toUpperCase()

/** What is missing or can't be right. A number of 18 digits is an ID card's; other documents have no checksum. */
export function newFault(form: NewPhysician, asksInstitution: boolean): NewFault | null {
  if (form.name.trim() === '' || form.name.trim().length > 60) return 'name'
  const idNumber = cleanId(form.idNumber)
  if (!/^[0-9A-Z]{6,18}$/.test(idNumber)) return 'id_number'
  if (/^[0-9]{17}[0-9X]$/.test(idNumber) && !checksumFits(idNumber)) return 'checksum'
  return asksInstitution && form.institutionId === null ? 'institution' : null
}

export const SHEET_BYTES_MAX = 10 * 1024 * 1024

export type SheetFault = 'not_a_sheet' | 'empty_file' | 'too_large'

export function sheetFault(file: { name: string; size: number }): SheetFault | null {
  if (!/\.(xlsx|csv)$/i.test(file.name)) return 'not_a_sheet'
  if (file.size === 0) return 'empty_file'
  return file.size > SHEET_BYTES_MAX ? 'too_large' : null
}

export interface ReportWords {
  head: readonly string[]
  why(problem: RowProblem): string
}

/** The wrong rows as a table for a spreadsheet, with a byte order mark so that it is read as UTF-8. */
export function asCsv(problems: readonly RowProblem[], words: ReportWords): string {
  const rows = problems.map((each) => [String(each.row), each.column, words.why(each)])
  return '\ufeff' + [words.head, ...rows].map((row) => row.map(cell).join(',') + '\r\n').join('')
}

/** Headings come from a file of somebody's: one that a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain
}
