import { describe, expect, it } from 'vitest'
import type { Numbered } from '@shared/frames'
import { Outbox, WINDOW } from './outbox'
import { MemoryDrawer } from './testing/memory-drawer'

const answer = (no: number, choice = 'a') => ({ type: 'answer', no, choice }) as const
const seqs = (commands: readonly Numbered[]): number[] => commands.map((one) => one.seq)
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function outboxWith(count: number, drawer = new MemoryDrawer(), lastSeq = 0): Promise<Outbox> {
  const outbox = new Outbox(1, 'device-one', drawer, () => undefined)
  await outbox.open(lastSeq)
  for (const no of range(1, count)) outbox.add(answer(no))
  await outbox.written()
  return outbox
}

describe('an outbox', () => {
  it('sends nothing that is not yet written down', async () => {
    const drawer = new MemoryDrawer()
    const outbox = new Outbox(1, 'device-one', drawer, () => undefined)
    await outbox.open(0)
    outbox.add(answer(1))
    expect(outbox.take()).toEqual([])
    await outbox.written()
    expect(drawer.rows).toHaveLength(1)
    expect(seqs(outbox.take())).toEqual([1])
  })

  it('numbers on from what the server has', async () => {
    const outbox = await outboxWith(2, new MemoryDrawer(), 7)
    expect(seqs(outbox.take())).toEqual([8, 9])
  })

  it('has at most a window under way and goes on as acknowledgements come', async () => {
    const outbox = await outboxWith(WINDOW + 5)
    expect(outbox.take()).toHaveLength(WINDOW)
    expect(outbox.take()).toHaveLength(0)
    outbox.acknowledged(1)
    outbox.acknowledged(2)
    expect(seqs(outbox.take())).toEqual([WINDOW + 1, WINDOW + 2])
  })

  it('forgets a command only when it is acknowledged', async () => {
    const drawer = new MemoryDrawer()
    const outbox = await outboxWith(3, drawer)
    outbox.take()
    expect(drawer.rows).toHaveLength(3)
    outbox.acknowledged(1)
    await outbox.written()
    expect(drawer.rows.map((row) => row.seq)).toEqual([2, 3])
  })

  it('sends everything unacknowledged again after the line broke', async () => {
    const outbox = await outboxWith(3)
    outbox.take()
    outbox.acknowledged(1)
    outbox.disconnected()
    expect(seqs(outbox.take())).toEqual([2, 3])
  })

  it('takes up after a reload what the same device left behind', async () => {
    const drawer = new MemoryDrawer()
    await outboxWith(3, drawer)
    const again = new Outbox(1, 'device-one', drawer, () => undefined)
    await again.open(0)
    again.align(1)
    expect(seqs(again.take())).toEqual([2, 3])
  })

  it('leaves the commands of another device alone', async () => {
    const drawer = new MemoryDrawer()
    await outboxWith(3, drawer)
    const other = new Outbox(1, 'device-two', drawer, () => undefined)
    await other.open(3)
    expect(other.waiting).toEqual([])
  })

  it('works on in memory when the browser has no database, and says so', async () => {
    const drawer = new MemoryDrawer()
    drawer.broken = true
    const outbox = await outboxWith(1, drawer)
    expect(outbox.memoryOnly).toBe(true)
    expect(seqs(outbox.take())).toEqual([1])
  })
})

describe('a refusal', () => {
  it('that is temporary keeps the command and sends it when it is over', async () => {
    const outbox = await outboxWith(3)
    outbox.take()
    expect(outbox.rejected('paused', 1, {}).kind).toBe('waiting')
    outbox.rejected('seq_gap', 2, { expected: 1 })
    outbox.rejected('seq_gap', 3, { expected: 1 })
    expect(outbox.take()).toEqual([])
    outbox.release()
    expect(seqs(outbox.take())).toEqual([1, 2, 3])
  })

  it('of a gap waits for all echoes before it goes back, so nothing is sent twice over', async () => {
    const outbox = await outboxWith(3)
    outbox.take()
    outbox.rejected('seq_gap', 1, { expected: 1 })
    expect(outbox.take()).toEqual([])
    outbox.rejected('seq_gap', 2, { expected: 1 })
    outbox.rejected('seq_gap', 3, { expected: 1 })
    expect(seqs(outbox.take())).toEqual([1, 2, 3])
  })

  it('that is permanent drops this command and gives its number to the next', async () => {
    const drawer = new MemoryDrawer()
    const outbox = await outboxWith(4, drawer)
    outbox.take()
    outbox.acknowledged(1)
    const verdict = outbox.rejected('no_such_option', 2, {})
    expect(verdict).toMatchObject({ kind: 'dropped', command: { no: 2 } })
    outbox.rejected('seq_gap', 3, { expected: 2 })
    outbox.rejected('seq_gap', 4, { expected: 2 })
    await outbox.written()
    const again = outbox.take()
    expect(again.map((one) => [one.seq, 'no' in one ? one.no : 0])).toEqual([
      [2, 3],
      [3, 4],
    ])
    expect(drawer.rows.map((row) => row.seq).sort()).toEqual([2, 3])
  })

  it('of one unknown to this page never costs an answer', async () => {
    const outbox = await outboxWith(1)
    outbox.take()
    expect(outbox.rejected('too_many_requests', 1, {}).kind).toBe('unknown')
    expect(outbox.waiting).toHaveLength(1)
    outbox.release()
    expect(seqs(outbox.take())).toEqual([1])
  })

  it('by a fence stops everything and keeps it', async () => {
    const drawer = new MemoryDrawer()
    const outbox = await outboxWith(2, drawer)
    outbox.take()
    expect(outbox.rejected('superseded', 1, {}).kind).toBe('fenced')
    outbox.disconnected()
    expect(outbox.take()).toEqual([])
    expect(drawer.rows).toHaveLength(2)
  })

  it('goes down with the server when a backup was put back', async () => {
    const outbox = await outboxWith(2, new MemoryDrawer(), 9)
    outbox.take()
    outbox.rejected('seq_gap', 10, { expected: 6 })
    outbox.rejected('seq_gap', 11, { expected: 6 })
    await outbox.written()
    expect(seqs(outbox.take())).toEqual([6, 7])
  })

  it('of marks after the end does not hold back late answers', async () => {
    const outbox = await outboxWith(0)
    outbox.add({ type: 'mark_for_later', no: 1, on: true })
    outbox.add(answer(2))
    await outbox.written()
    outbox.take()
    outbox.rejected('already_submitted', 1, {})
    outbox.rejected('seq_gap', 2, { expected: 1 })
    await outbox.written()
    expect(outbox.take()).toEqual([{ type: 'answer', no: 2, choice: 'a', seq: 1 }])
  })
})

describe('a thousand bad lines', () => {
  /** The server's rule of numbers, and a line that loses, refuses and breaks as a seeded die says. */
  function die(seed: number): () => number {
    let state = seed
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    }
  }

  it.each(range(1, 200))('deliver every answer once and in order (seed %i)', async (seed) => {
    const random = die(seed)
    const drawer = new MemoryDrawer()
    let outbox = await outboxWith(0, drawer)
    const journal: number[] = []
    let given = 0
    let paused = false
    for (let round = 0; round < 400 && (given < 40 || outbox.waiting.length > 0); round += 1) {
      if (given < 40 && random() < 0.5) outbox.add(answer((given += 1)))
      await outbox.written()
      if (random() < 0.1) paused = !paused
      if (!paused) outbox.release()
      for (const command of outbox.take()) {
        const fate = random()
        if (fate < 0.08) break // lost on the way up, and the line with it
        if (command.seq === journal.length + 1 && paused) outbox.rejected('paused', command.seq, {})
        else if (command.seq <= journal.length) outbox.acknowledged(command.seq)
        else if (command.seq > journal.length + 1) outbox.rejected('seq_gap', command.seq, { expected: journal.length + 1 })
        else {
          journal.push('no' in command ? command.no : 0)
          if (fate < 0.16) break // committed, and the acknowledgement lost
          outbox.acknowledged(command.seq)
        }
      }
      if (random() < 0.3) outbox.disconnected()
      if (random() < 0.05) {
        outbox = new Outbox(1, 'device-one', drawer, () => undefined)
        await outbox.open(journal.length)
        outbox.align(journal.length)
      }
      if (round > 300) paused = false
    }
    expect(journal).toEqual(range(1, 40))
  })
})
