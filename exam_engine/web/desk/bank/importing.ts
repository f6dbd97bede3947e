/** An import as its page shows it: which step, how far, which lines. */

import { share } from '../parts/upload'
import type { BankImport, FileLine } from './shapes'

export const FORMATS = ['xlsx', 'jsonl', 'gift', 'aiken', 'moodle_xml', 'qti'] as const
export const ACCEPT = '.xlsx,.jsonl,.txt,.gift,.xml,.zip'
export const BYTES_MAX = 64 * 1024 * 1024

export type Step = 'choose' | 'reading' | 'report' | 'writing' | 'result'
export const STEPS = ['choose', 'report', 'result'] as const

const STEP: Record<string, Step> = {
  reading: 'reading',
  read: 'report',
  writing: 'writing',
  done: 'result',
  failed: 'result',
  dropped: 'choose',
  stopped: 'result',
}

export const stepOf = (job: BankImport | null): Step => (job === null ? 'choose' : (STEP[job.state] ?? 'result'))
export const isGoing = (job: BankImport | null): boolean => job?.state === 'reading' || job?.state === 'writing'

/** Which of the three steps of the wizard is shown: reading belongs to the first, writing to the last. */
export function stage(step: Step): (typeof STEPS)[number] {
  if (step === 'reading') return 'choose'
  return step === 'writing' ? 'result' : step
}

/** What will be written: new items and other versions. */
export const writes = (job: BankImport): number => job.new + job.changed
export const percent = (job: BankImport): number => share(job.done, writes(job))
/** Whether leaving something out must be agreed to. */
export const leavesOut = (job: BankImport): boolean => job.refused_count + job.blocked > 0
export const mayConfirm = (job: BankImport, keepGood: boolean): boolean => writes(job) > 0 && (!leavesOut(job) || keepGood)

export type Kind = 'refused' | 'blocked' | 'doubts'

export function linesOf(job: BankImport, kind: Kind): readonly FileLine[] {
  return { refused: job.refused, blocked: job.blocked_lines, doubts: job.doubts }[kind]
}

export function countOf(job: BankImport, kind: Kind): number {
  return { refused: job.refused_count, blocked: job.blocked, doubts: job.doubt_count }[kind]
}

/** "topic of 5": a field a format has no place for, and of how many items; anything else is said as it came. */
export function lostOf(text: string): { field: string; n: number | null } {
  const found = /^(.+) of (\d+)$/.exec(text)
  return found === null ? { field: text, n: null } : { field: found[1] ?? '', n: Number(found[2]) }
}

/** The report as a table for a spreadsheet. */
export function table(job: BankImport, kinds: Readonly<Record<Kind, string>>, head: readonly string[]): string[][] {
  const rows = (['refused', 'blocked', 'doubts'] as const).flatMap((kind) =>
    linesOf(job, kind).map((line) => [kinds[kind], line.row === 0 ? '' : String(line.row), line.place, line.code, line.reason]),
  )
  return [[...head], ...rows]
}
