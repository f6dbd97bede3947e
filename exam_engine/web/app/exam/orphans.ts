/**
 * Commands an earlier page of this browser left behind: may they still be sent?
 *
 * Only when they follow directly on what the server has: then nobody said anything in between, and sending them
 * under the new device says what the physician said, in the order he said it. Otherwise another device may have
 * answered since, and an old word must not overwrite a newer one: they are shown as not delivered.
 */
import type { Body, Numbered } from '@shared/frames'
import type { AttemptView } from '@shared/shapes'
import type { Row } from './drawer'

export interface Judged {
  reissue: Row[]
  lost: Row[]
  /** Found in the server's view: they had arrived, only the acknowledgement was missed. */
  arrived: Row[]
}

/** Whether the server's view says what this command said. */
function visible(command: Numbered, view: AttemptView): boolean {
  const choice = (no: number): string => view.answers.find((given) => given.no === no)?.choice ?? ''
  switch (command.type) {
    case 'answer':
      return choice(command.no) === command.choice
    case 'clear':
      return choice(command.no) === ''
    case 'mark_for_later':
      return view.marks.includes(command.no) === command.on
    case 'hand_in':
      return view.submitted !== null
  }
}

export function judgeOrphans(rows: readonly Row[], view: AttemptView): Judged {
  const judged: Judged = { reissue: [], lost: [], arrived: [] }
  for (const group of byDevice(rows)) judgeGroup(group, view, judged)
  return judged
}

function judgeGroup(group: Row[], view: AttemptView, judged: Judged): void {
  const known = group.filter((row) => row.seq <= view.last_seq)
  const rest = group.filter((row) => row.seq > view.last_seq)
  // An older word on the same item may have been overwritten by a later one of the same group.
  const latest = known.filter((row, index) => !known.slice(index + 1).some((later) => same(row, later)))
  const follows = rest[0]?.seq === view.last_seq + 1 && judged.reissue.length === 0
  if (latest.every((row) => visible(row.command, view))) {
    judged.arrived.push(...known)
    ;(follows ? judged.reissue : judged.lost).push(...rest)
  } else judged.lost.push(...group)
}

const about = (command: Numbered): string =>
  command.type === 'hand_in' ? 'hand_in' : `${command.type === 'mark_for_later' ? 'mark' : 'answer'} ${command.no}`
const same = (a: Row, b: Row): boolean => about(a.command) === about(b.command)

/** Groups of one device each, the most recent first: of two claims to the same number the later page is right. */
function byDevice(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(row.device, [...(groups.get(row.device) ?? []), row])
  const age = (group: Row[]): number => Math.max(...group.map((row) => row.kept_at))
  return [...groups.values()]
    .map((group) => group.sort((a, b) => a.seq - b.seq))
    .sort((a, b) => age(b) - age(a))
}

/** The command without its number. A hand-in is not said again on its own: the physician is back and decides. */
export function bodyOf(command: Numbered): Body | null {
  switch (command.type) {
    case 'answer':
      return { type: 'answer', no: command.no, choice: command.choice }
    case 'clear':
      return { type: 'clear', no: command.no }
    case 'mark_for_later':
      return { type: 'mark_for_later', no: command.no, on: command.on }
    case 'hand_in':
      return null
  }
}
