/** Whoever wants to know at once that a message came in. Only messages nobody of this desk has seen before are told. */

import type { Message } from '@shared/inbox'

type Hear = (message: Message) => void

const ears = new Set<Hear>()

/** Hear of every new message from now on. Returns how to stop. */
export function onMessage(hear: Hear): () => void {
  ears.add(hear)
  return () => ears.delete(hear)
}

export function tellMessage(message: Message): void {
  for (const hear of ears) hear(message)
}
