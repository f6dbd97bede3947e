/** A server of one file, small enough to read: the rule of versions, and a line that can be cut. */
import { Problem } from '@shared/problem'
import type { DraftServer, Standing } from '../draft'
import type { FileSaved, Form, Values } from '../shapes'
import type { Kept, Shelf } from '../shelf'
import { tidy } from '../values'

export const FORM: Form = {
  code: 'profile',
  sections: [
    {
      code: 'basic',
      fields: [
        { code: 'school', kind: 'text', required: true, length_max: 60 },
        { code: 'major', kind: 'text', required: true, length_max: 60 },
      ],
    },
    { code: 'practice', fields: [{ code: 'post', kind: 'text', length_max: 40 }] },
  ],
}

export class FileServer implements DraftServer<Standing> {
  version = 1
  values: Values = {}
  editable = true
  reachable = true
  /** The next save arrives, but its answer gets lost. */
  swallow = false
  refuse: Problem | null = null
  saves: { version: number; values: Values; closing: boolean }[] = []

  async load(): Promise<Standing> {
    if (!this.reachable) throw new Problem('no_network', 0)
    const { version, values, editable } = this
    return { version, values, editable, form: FORM, problems: [], computed: {}, documents: [] }
  }

  async save(version: number, values: Values, closing: boolean): Promise<FileSaved> {
    if (!this.reachable) throw new Problem('no_network', 0)
    this.saves.push({ version, values, closing })
    if (this.refuse) throw this.refuse
    if (!this.editable) throw new Problem('illegal_move', 409)
    if (version !== this.version) throw new Problem('changed_meanwhile', 409)
    this.elsewhere(values)
    if (this.swallow) throw new Problem('no_network', 0)
    return { version: this.version, saved_at: '2026-01-01T00:00:00Z', problems: [], computed: {} }
  }

  /** Another device saves. */
  elsewhere(values: Values): void {
    this.values = tidy(values)
    this.version += 1
  }
}

export class MemoryShelf implements Shelf {
  kept: Kept | null = null
  full = false

  read(): Kept | null {
    return this.kept && (JSON.parse(JSON.stringify(this.kept)) as Kept)
  }

  write(kept: Kept): boolean {
    if (!this.full) this.kept = kept
    return !this.full
  }

  drop(page: string): void {
    if (this.kept?.page === page) this.kept = null
  }
}
