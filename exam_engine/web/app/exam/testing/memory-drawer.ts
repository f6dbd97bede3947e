/** A drawer without a browser, for tests. */
import type { Numbered } from '@shared/frames'
import type { AttemptView, PaperView } from '@shared/shapes'
import type { Drawer, KeptView, Row } from '../drawer'

export class MemoryDrawer implements Drawer {
  rows: Row[] = []
  papers = new Map<number, PaperView>()
  views = new Map<number, KeptView>()
  broken = false
  private clock = 0

  private use(): void {
    if (this.broken) throw new Error('no database')
  }

  async commands(attempt: number): Promise<Row[]> {
    this.use()
    return this.rows.filter((row) => row.attempt === attempt).sort((a, b) => a.seq - b.seq)
  }

  async put(attempt: number, device: string, command: Numbered): Promise<void> {
    this.use()
    await this.forgetOne(attempt, device, command.seq)
    this.rows.push({ attempt, device, seq: command.seq, command, kept_at: ++this.clock, lost: false })
  }

  private async forgetOne(attempt: number, device: string, seq: number): Promise<void> {
    this.rows = this.rows.filter((row) => row.attempt !== attempt || row.device !== device || row.seq !== seq)
  }

  async forget(attempt: number, device: string, upTo: number): Promise<void> {
    this.use()
    this.rows = this.rows.filter((row) => row.attempt !== attempt || row.device !== device || row.seq > upTo)
  }

  async rewrite(attempt: number, device: string, commands: readonly Numbered[]): Promise<void> {
    await this.forget(attempt, device, Number.MAX_SAFE_INTEGER)
    for (const command of commands) await this.put(attempt, device, command)
  }

  async giveUp(rows: readonly Row[]): Promise<void> {
    this.use()
    this.rows = this.rows.map((row) => (rows.includes(row) ? { ...row, lost: true } : row))
  }

  async paper(attempt: number): Promise<PaperView | undefined> {
    return this.papers.get(attempt)
  }

  async keepPaper(paper: PaperView): Promise<void> {
    this.papers.set(paper.attempt_id, paper)
  }

  async view(attempt: number): Promise<KeptView | undefined> {
    return this.views.get(attempt)
  }

  async keepView(kept: KeptView): Promise<void> {
    this.views.set(kept.attempt, kept)
  }

  async clear(attempt: number): Promise<void> {
    this.papers.delete(attempt)
    this.views.delete(attempt)
  }
}

export function aView(over: Partial<AttemptView> = {}): AttemptView {
  return {
    attempt_id: 1,
    sitting_id: 1,
    kind: 'humanities',
    title: '人文医学',
    person_name: '王某',
    watermark: '王某 002X',
    phase: 'running',
    version: 5,
    last_seq: 0,
    device: 'mine',
    identity: 'accepted',
    identity_reason: '',
    item_count: 10,
    minutes: 60,
    grace_s: 5,
    a4_no_back: false,
    started_at: '2026-01-01T00:00:00Z',
    deadline_at: '2026-01-01T01:00:00Z',
    clock: { remaining_ms: 3_600_000, ticking: true },
    paused: false,
    pause_reason: '',
    identity_locked: false,
    lock_reason: '',
    answers: [],
    marks: [],
    notices: [],
    submitted: null,
    score: null,
    ...over,
  }
}
