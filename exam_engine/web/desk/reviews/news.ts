/** What a message of the inbox means for the queue somebody has before him. */

import type { Message } from '@shared/inbox'
import type { QueueFilter } from './filters'

/** Handed in, passed on, escalated: something new to review. */
const COMING: ReadonlySet<string> = new Set(['M10', 'M11', 'M25'])
/** A file of this organisation moved otherwise: given back by the agency. */
const MOVING: ReadonlySet<string> = new Set(['M14'])

export type News = 'coming' | 'moving' | null

type Told = Pick<Message, 'code' | 'facts'>

/** Whether the figures of the queue are others now, because something came to be reviewed or because it moved. */
export function newsIn({ code }: Told): News {
  if (COMING.has(code)) return 'coming'
  return MOVING.has(code) ? 'moving' : null
}

/** Whether the list may lack what came: one that is narrowed to another part does not. */
export function concerns({ facts }: Told, filter: Pick<QueueFilter, 'subject'>): boolean {
  const subject = facts['subject']
  return filter.subject === '' || subject === undefined || subject === filter.subject
}
