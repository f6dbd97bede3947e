/** How a result is put into words: its stations, its reasons, the days that are left. */
import type { ExamRow, OwnResult } from './shapes'

interface Words {
  t: (key: string, named?: Record<string, unknown>) => string
  te: (key: string) => boolean
}

/** The stations of a result, in the order of its life; a later one is reached only by some. */
export type Station =
  | 'exams' | 'decided' | 'excluded' | 'published' | 'recheck' | 'upheld' | 'changed' | 'suspended' | 'reassess'
  | 'qualified_late' | 'cancelled' | 'closed'

const STATION: Readonly<Record<string, Station>> = {
  excluded: 'excluded',
  notified: 'published',
  recheck: 'recheck',
  upheld: 'upheld',
  changed: 'changed',
  suspended: 'suspended',
  reassess: 'reassess',
  qualified_late: 'qualified_late',
  cancelled: 'cancelled',
  archived: 'closed',
}

/** Pending with nothing to wait for: the agency has it. */
export function stationOf(result: OwnResult): Station {
  const waits = result.result_id === null || result.missing.length > 0
  return STATION[result.state] ?? (waits ? 'exams' : 'decided')
}

/** The key of the headline. Who was not assessed has no outcome, not even when the cycle is archived. */
export function headlineOf({ outcome, state }: OwnResult): string {
  if (outcome) return `result.outcome.${outcome}`
  return state === 'excluded' || state === 'archived' ? 'result.excluded' : 'result.pending'
}

/** Good news, bad news, or none yet. */
export function toneOf(result: OwnResult): 'good' | 'bad' | 'open' {
  if (result.outcome === 'qualified') return 'good'
  return result.outcome === 'unqualified' ? 'bad' : 'open'
}

/** Facts of Article 27 have their words where the desk has them, all others here. */
export function reasonIn({ t, te }: Words, code: string): string {
  const article = `reg.option.unqualified_reason.${code}`
  if (te(article)) return t(article)
  const own = `result.reason.${code}`
  return te(own) ? t(own) : code
}

/** Whole days from `now` until `at`, counted up: 1 while it is less than a day off, 0 when it is over. */
export function daysLeft(at: string, now: string): number {
  return Math.max(0, Math.ceil((Date.parse(at) - Date.parse(now)) / 86_400_000))
}

/** The exams in the order they count: humanities before professional, the first round before the make-up. */
export function inOrder(exams: readonly ExamRow[]): ExamRow[] {
  const place = (row: ExamRow): number => (row.kind === 'humanities' ? 0 : 2) + (row.round === 'first' ? 0 : 1)
  return [...exams].sort((a, b) => place(a) - place(b) || (a.at ?? '').localeCompare(b.at ?? ''))
}
