import { describe, expect, it } from 'vitest'
import type { Numbered } from '@shared/frames'
import type { Row } from './drawer'
import { bodyOf, judgeOrphans } from './orphans'
import { aView } from './testing/memory-drawer'

const row = (seq: number, no: number, choice: string, device = 'old', kept_at = seq): Row => {
  const command: Numbered = { type: 'answer', seq, no, choice }
  return { attempt: 1, device, seq, command, kept_at, lost: false }
}
const seqs = (rows: readonly Row[]): number[] => rows.map((one) => one.seq)

describe('commands an earlier page left behind', () => {
  it('are sent again when they follow directly on what the server has', () => {
    const judged = judgeOrphans([row(4, 1, 'a'), row(5, 2, 'b')], aView({ last_seq: 3 }))
    expect(seqs(judged.reissue)).toEqual([4, 5])
    expect(judged.lost).toEqual([])
  })

  it('are not sent when another device has answered since', () => {
    const view = aView({ last_seq: 4, answers: [{ no: 9, choice: 'c' }] })
    expect(seqs(judgeOrphans([row(4, 1, 'a'), row(5, 2, 'b')], view).lost)).toEqual([4, 5])
  })

  it('that had arrived without our knowing are recognised, and the rest goes on', () => {
    const view = aView({ last_seq: 5, answers: [{ no: 1, choice: 'b' }] })
    const judged = judgeOrphans([row(4, 1, 'a'), row(5, 1, 'b'), row(6, 2, 'c')], view)
    expect(seqs(judged.arrived)).toEqual([4, 5])
    expect(seqs(judged.reissue)).toEqual([6])
  })

  it('of two old pages: only the later one is believed', () => {
    const rows = [row(4, 1, 'a', 'older', 10), row(4, 1, 'b', 'newer', 20)]
    const judged = judgeOrphans(rows, aView({ last_seq: 3 }))
    expect(judged.reissue.map((one) => one.device)).toEqual(['newer'])
    expect(judged.lost.map((one) => one.device)).toEqual(['older'])
  })

  it('never hand in by themselves', () => {
    expect(bodyOf({ type: 'hand_in', seq: 3 })).toBeNull()
  })
})
