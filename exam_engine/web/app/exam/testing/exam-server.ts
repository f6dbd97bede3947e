/** A server small enough to read, for tests: the numbering rule, the fence, and lines that can be cut. */
import type { Body, DeviceCommand, Event, FrameDown, Numbered } from '@shared/frames'
import { Problem } from '@shared/problem'
import type { AttemptView, PaperView } from '@shared/shapes'
import type { LineHandlers } from '../line'
import { NotCarried } from '../carrying'
import type { OpenLine, Server } from '../session'
import { aView } from './memory-drawer'

export class ExamServer implements Server {
  holder = 'device-1'
  view_: AttemptView = aView()
  reachable = true
  /** Commands taken but not answered: the line was cut before the acknowledgement. */
  swallow = false
  journal: Numbered[] = []
  lines: TestLine[] = []
  said: DeviceCommand[] = []
  /** How often the paper was asked for by a request of its own. */
  asked = 0
  /** The start is taken, but no paper comes with it. */
  keepsPaper = false

  seen(device: string): AttemptView {
    return { ...this.view_, device: this.holder === device ? 'mine' : 'other', last_seq: this.journal.length }
  }

  async view(_attempt: number, device: string): Promise<AttemptView> {
    if (!this.reachable) throw new Problem('no_network', 0)
    return this.seen(device)
  }

  async paper(attempt: number): Promise<PaperView> {
    if (!this.reachable) throw new Problem('no_network', 0)
    this.asked += 1
    return { attempt_id: attempt, items: [] }
  }

  line(_attempt: number, device: string, handlers: LineHandlers): OpenLine {
    const line = new TestLine(this, device, handlers)
    this.lines.push(line)
    return line
  }

  get current(): TestLine {
    return this.lines[this.lines.length - 1] as TestLine
  }

  /** Something happens: the event goes to every open line. */
  happen(event: Event, over: Partial<AttemptView> = {}): void {
    this.view_ = { ...this.view_, ...over, version: this.view_.version + 1 }
    const { version, clock } = this.view_
    for (const line of this.lines) line.tell({ type: 'told', version, at: '2026-01-01T00:10:00Z', event, clock })
  }

  hear(line: TestLine, command: DeviceCommand): void {
    this.said.push(command)
    if (command.type === 'start') this.start(line, command.paper)
    if (!('seq' in command)) return
    const answer = this.judge(line.device, command)
    if (!this.swallow) line.tell(answer)
  }

  private start(line: TestLine, paper: boolean): void {
    this.happen({ type: 'started', deadline_at: '2026-01-01T01:00:00Z' }, { phase: 'running' })
    if (paper && !this.keepsPaper) line.tell({ type: 'paper', attempt_id: 1, items: [] })
  }

  private judge(device: string, command: Numbered): FrameDown {
    const { seq } = command
    const last_seq = this.journal.length
    const refuse = (code: string, facts = {}): FrameDown => ({ type: 'rejected', code, seq, last_seq, facts })
    if (device !== this.holder) return refuse('superseded')
    if (seq <= last_seq) return { type: 'ack', seq, version: this.view_.version, result: 'already' }
    if (seq > last_seq + 1) return refuse('seq_gap', { expected: last_seq + 1 })
    if (command.type === 'answer' && command.choice === 'z') return refuse('no_such_option', { no: command.no })
    if (this.view_.paused) return refuse('paused')
    this.journal.push(command)
    this.keep(command)
    return { type: 'ack', seq, version: this.view_.version, result: 'saved' }
  }

  private keep(command: Body): void {
    if (command.type !== 'answer') return
    const rest = this.view_.answers.filter((one) => one.no !== command.no)
    this.view_ = { ...this.view_, answers: [...rest, { no: command.no, choice: command.choice }] }
  }
}

export class TestLine implements OpenLine {
  up = false
  constructor(
    private readonly server: ExamServer,
    readonly device: string,
    private readonly handlers: LineHandlers,
  ) {}

  open(): void {
    if (this.server.reachable) this.connect()
    else this.handlers.state('down')
  }

  connect(): void {
    this.up = true
    this.handlers.frame({ type: 'welcome', view: this.server.seen(this.device) }, null)
    this.handlers.state('socket')
    this.kick()
  }

  cut(): void {
    this.up = false
    this.handlers.broken()
    this.handlers.state('down')
  }

  close(): void {
    this.up = false
  }

  look(): void {}

  /** Pictures go the other way here. */
  async carry(): Promise<never> {
    throw new NotCarried()
  }

  kick(): void {
    if (this.up) for (const command of this.handlers.take()) this.server.hear(this, command)
  }

  tell(frame: FrameDown): void {
    if (this.up) this.handlers.frame(frame, null)
  }
}
