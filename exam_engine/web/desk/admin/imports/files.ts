/** Tables of records on their way to the server: what a file must be, which columns it has, and its report. */

import type { Problem } from '@shared/problem'
import type { Records } from '../http'
import type { ImportReport, RowProblem } from '../shapes'

export const SHEET_BYTES_MAX = 200 * 1024 * 1024

export type FileFault = 'not_a_sheet' | 'empty_file' | 'too_large'

export function fileFault(file: { name: string; size: number }): FileFault | null {
  if (!/\.(xlsx|csv)$/i.test(file.name)) return 'not_a_sheet'
  if (file.size === 0) return 'empty_file'
  return file.size > SHEET_BYTES_MAX ? 'too_large' : null
}

/** The headings the server looks for; those that must not be empty are `must`. */
export const COLUMNS: Record<Records, readonly { heading: string; must: boolean }[]> = {
  registry: [
    { heading: '姓名', must: true },
    { heading: '身份证号', must: true },
    { heading: '性别', must: false },
    { heading: '省份', must: false },
    { heading: '执业地点', must: true },
    { heading: '职称', must: false },
    { heading: '级别', must: false },
    { heading: '类别', must: false },
    { heading: '执业范围', must: false },
    { heading: '医师资格证书编码', must: false },
    { heading: '资格取得时间', must: false },
    { heading: '医师执业证书编码', must: false },
    { heading: '首次注册日期', must: false },
  ],
  conduct: [
    { heading: '身份证号', must: true },
    { heading: '类型', must: true },
    { heading: '日期', must: true },
    { heading: '事实', must: true },
    { heading: '来源', must: false },
  ],
}

export type Sending =
  | { step: 'idle' }
  | { step: 'sending'; name: string; sent: number; bytes: number }
  /** All of it has arrived: the server is reading. */
  | { step: 'reading'; name: string }
  | { step: 'done'; name: string; report: ImportReport }
  | { step: 'failed'; name: string; problem: Problem }

export function onWay(name: string, sent: number, bytes: number): Sending {
  return sent >= bytes ? { step: 'reading', name } : { step: 'sending', name, sent, bytes }
}

/** The wrong rows as a table: a heading, then row, column, what is wrong. */
export function problemRows(
  head: readonly string[],
  problems: readonly RowProblem[],
  say: (code: string) => string,
): (string | number)[][] {
  return [[...head], ...problems.map((one) => [one.row, one.column, say(one.code)])]
}
