/** The report of an import: a line per file, and the same as a table for a spreadsheet. */

import type { ImportedPhoto } from '../wire'

/** Not simply taken: refused, or kept aside because somebody must look. */
export function isProblem(photo: ImportedPhoto): boolean {
  return photo.outcome !== 'kept'
}

const RANK: Record<string, number> = { refused: 0, pending: 1, kept: 2 }

/** Those to do something about first, by file name within each outcome. */
export function arranged(files: readonly ImportedPhoto[], problemsOnly: boolean): ImportedPhoto[] {
  const shown = problemsOnly ? files.filter(isProblem) : [...files]
  const rank = (photo: ImportedPhoto) => RANK[photo.outcome] ?? 0
  return shown.sort((one, other) => rank(one) - rank(other) || (one.file < other.file ? -1 : 1))
}

export interface CsvWords {
  head: readonly string[]
  outcome(photo: ImportedPhoto): string
  why(photo: ImportedPhoto): string
}

/** With a byte order mark, so that spreadsheets read it as UTF-8. */
export function asCsv(files: readonly ImportedPhoto[], words: CsvWords): string {
  const rows = files.map((photo) => [photo.file, photo.person, words.outcome(photo), words.why(photo)])
  return '\ufeff' + [words.head, ...rows].map((row) => row.map(cell).join(',') + '\r\n').join('')
}

/** File names come from outside: one that a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain
}
