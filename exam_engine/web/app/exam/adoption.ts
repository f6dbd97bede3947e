/** Carry out the judgement on orphans (orphans.ts): say again, forget, or keep as lost. */
import type { AttemptView } from '@shared/shapes'
import type { Drawer, Row } from './drawer'
import { bodyOf, judgeOrphans } from './orphans'
import type { Outbox } from './outbox'

/** The commands that can't be delivered any more, those of earlier judgements included. */
export async function adopt(drawer: Drawer, outbox: Outbox, view: AttemptView): Promise<Row[]> {
  const rows = await drawer.commands(view.attempt_id).catch(() => [])
  const strange = rows.filter((row) => row.device !== outbox.device)
  const judged = judgeOrphans(
    strange.filter((row) => !row.lost),
    view,
  )
  for (const row of judged.reissue) {
    const body = bodyOf(row.command)
    if (body) outbox.add(body)
  }
  await outbox.written() // only now may the old rows go
  for (const row of [...judged.reissue, ...judged.arrived]) await forgetRow(drawer, row)
  await drawer.giveUp(judged.lost).catch(() => undefined)
  return [...strange.filter((row) => row.lost), ...judged.lost]
}

export async function forgetRow(drawer: Drawer, row: Row): Promise<void> {
  await drawer.forget(row.attempt, row.device, row.seq).catch(() => undefined)
}
