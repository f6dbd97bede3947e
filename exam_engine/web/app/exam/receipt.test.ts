// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '@shared/problem'
import { keepReceipt, keptReceipt, keptReceipts, ReceiptAsker, type Asking, type OwnReceipt } from './receipt'

const receipt = (attempt: number): OwnReceipt =>
  ({ attempt_id: attempt, code: 'NA4S-ZY3A-11ZE-BPPT', svg: '<svg></svg>', text: 'x' }) as OwnReceipt

/** A server that answers as it is told, and a clock that only a test moves. */
class Stage {
  answers: (OwnReceipt | Problem)[] = []
  told: Asking[] = []
  pauses: number[] = []
  asked = 0
  private waiting: (() => void) | null = null

  asker(attempt = 7): ReceiptAsker {
    const world = {
      ask: async () => {
        this.asked += 1
        const answer = this.answers.shift() ?? new Problem('no_network', 0)
        if (answer instanceof Problem) throw answer
        return answer
      },
      after: (ms: number, work: () => void) => {
        this.pauses.push(ms)
        this.waiting = work
        return () => (this.waiting = null)
      },
      random: () => 0.5,
    }
    return new ReceiptAsker(attempt, world, (now) => this.told.push(now))
  }

  get last(): Asking | undefined {
    return this.told.at(-1)
  }

  get waits(): boolean {
    return this.waiting !== null
  }

  async passes(): Promise<void> {
    const work = this.waiting
    this.waiting = null
    work?.()
    await settled()
  }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

beforeEach(() => localStorage.clear())

describe('asking for the receipt', () => {
  it('shows it at once and keeps it', async () => {
    const stage = new Stage()
    stage.answers = [receipt(7)]
    stage.asker().start(false)
    await settled()
    expect(stage.last).toEqual({ receipt: receipt(7), trouble: null })
    expect(keptReceipt(7)).toEqual(receipt(7))
    expect(stage.waits).toBe(false)
  })

  it('asks again until it is there, ever more patiently, while the network is bad', async () => {
    const stage = new Stage()
    stage.answers = Array.from({ length: 8 }, (_, n) => (n % 2 ? new Problem('bug', 500) : new Problem('no_network', 0)))
    stage.answers.push(receipt(7))
    stage.asker().start(false)
    await settled()
    for (let n = 0; n < 8; n++) await stage.passes()
    expect(stage.pauses).toEqual([1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000])
    expect(stage.last?.receipt).toEqual(receipt(7))
  })

  it('does not wait any longer when the network is back, and asks once at a time', async () => {
    const stage = new Stage()
    const asker = stage.asker()
    asker.start(false)
    await settled()
    expect(stage.last?.trouble?.code).toBe('no_network')
    stage.answers = [receipt(7)]
    await Promise.all([asker.now(), asker.now()])
    expect([stage.asked, stage.last?.receipt?.attempt_id, stage.waits]).toEqual([2, 7, false])
  })

  it('ends with a refusal and says it', async () => {
    const stage = new Stage()
    stage.answers = [new Problem('not_submitted', 409)]
    stage.asker().start(false)
    await settled()
    expect([stage.last?.trouble?.code, stage.waits, stage.asked]).toEqual(['not_submitted', false, 1])
  })

  it('lets others go first when the bell rang for everybody', async () => {
    const stage = new Stage()
    stage.answers = [receipt(7)]
    stage.asker().start(true)
    await settled()
    expect([stage.asked, stage.pauses]).toEqual([0, [2000]])
    await stage.passes()
    expect(stage.last?.receipt).toEqual(receipt(7))
  })

  it('needs no network for what is kept', async () => {
    keepReceipt(receipt(7))
    const stage = new Stage()
    stage.asker().start(false)
    await settled()
    expect([stage.asked, stage.last?.receipt?.attempt_id]).toEqual([0, 7])
  })

  it('says nothing once its page is gone', async () => {
    const stage = new Stage()
    stage.answers = [receipt(7)]
    const asker = stage.asker()
    asker.start(false)
    asker.stop()
    await settled()
    expect([stage.told, stage.waits]).toEqual([[], false])
  })
})

describe('the shelf', () => {
  it('keeps the newest twenty, one for an attempt', () => {
    for (let n = 1; n <= 25; n++) keepReceipt(receipt(n))
    keepReceipt(receipt(24))
    expect(keptReceipts().map((one) => one.attempt_id)).toEqual([24, 25, ...Array.from({ length: 18 }, (_, n) => 23 - n)])
  })

  it.each(['', '{', '7', '[null, 3, {"attempt_id": 1}]'])('takes %j for nothing', (text) => {
    localStorage.setItem('receipts', text)
    expect(keptReceipts()).toEqual([])
  })

})
