/** A running candidate of whom nothing stands out, for tests. */

import type { Tile } from '../wire'

export function aTile(part: Partial<Tile> = {}): Tile {
  return {
    attempt_id: 1,
    person_id: 1,
    name: '王敏',
    id_number: '350105********7136',
    phase: 'running',
    version: 1,
    answered: 0,
    item_count: 100,
    deadline_at: '2026-11-22T10:00:00Z',
    paused_at: null,
    ticking: true,
    identity: 'accepted',
    locked: false,
    connected: true,
    seen_at: null,
    last_answer_at: null,
    picture: '',
    notices_open: 0,
    last_notice: 0,
    last_notice_acknowledged: false,
    late: 0,
    devices: 1,
    ending: null,
    flags: [],
    attention: 0,
    ...part,
  }
}
