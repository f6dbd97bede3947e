/**
 * An entry check as it goes: begin, then a frame about twice a second, one at a time, until the server says how it
 * ended. What it needs of the world is handed in: where frames come from, and who judges them.
 */
import { asProblem, type Problem } from '@shared/problem'
import type { CheckBegun, FrameSeen } from '@shared/shapes'

export interface CheckTransport {
  begin: () => Promise<CheckBegun>
  frame: (check: number, jpeg: Blob) => Promise<FrameSeen>
}

/** `still`: nothing runs; `going`: frames are sent; the others are how it ended. */
export type CheckStage = 'still' | 'going' | 'accepted' | 'retry' | 'waiting'

export interface CheckState {
  stage: CheckStage
  mode: 'turn' | 'person'
  steps: readonly string[]
  /** Index of the turn awaited; -1 while a look ahead is. */
  step: number
  frames: number
  framesGood: number
  hint: string
  why: string
  /** What went wrong: while `going` it is tried again by itself. */
  problem: Problem | null
}

export const FRAME_EVERY_MS = 550
const AWAY_MS = 1_500
const COMPOSE_MS = 2_000 // where a person judges one picture, time to look into the camera
const OVER = new Set(['check_over', 'no_such_check'])

const STILL: CheckState = {
  stage: 'still',
  mode: 'turn',
  steps: [],
  step: -1,
  frames: 1,
  framesGood: 0,
  hint: '',
  why: '',
  problem: null,
}

export class EntryCheck {
  state: CheckState = STILL
  private run = 0

  constructor(
    private readonly transport: CheckTransport,
    private readonly shoot: () => Promise<Blob | null>,
    private readonly changed: (state: CheckState) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Begin a new check; does nothing while one goes. */
  async start(): Promise<void> {
    if (this.state.stage === 'going') return
    this.run += 1
    const run = this.run
    this.become({ ...STILL, stage: 'going' })
    const begun = await this.begun(run)
    if (!begun || run !== this.run) return
    const { steps, frames, why } = begun
    this.become({ ...this.state, mode: begun.mode === 'person' ? 'person' : 'turn', steps, frames, why })
    if (this.state.mode === 'person') await pause(COMPOSE_MS)
    while (this.goes(run)) await this.round(run, begun.check_id)
  }

  stop(): void {
    this.run += 1
    if (this.state.stage === 'going') this.become(STILL)
  }

  private goes(run: number): boolean {
    return run === this.run && this.state.stage === 'going'
  }

  private async begun(run: number): Promise<CheckBegun | null> {
    while (run === this.run) {
      try {
        return await this.transport.begin()
      } catch (error) {
        if (run === this.run) await this.failed(asProblem(error))
        if (!this.goes(run)) return null
      }
    }
    return null
  }

  private async round(run: number, check: number): Promise<void> {
    const began = this.now()
    try {
      const picture = await this.shoot()
      if (picture && run === this.run) this.seen(run, await this.transport.frame(check, picture))
    } catch (error) {
      if (run === this.run) await this.failed(asProblem(error))
    }
    await pause(Math.max(0, FRAME_EVERY_MS - (this.now() - began)))
  }

  private seen(run: number, frame: FrameSeen): void {
    if (run !== this.run) return
    const stage = frame.outcome === 'going' ? 'going' : (frame.outcome as CheckStage)
    const { step, hint } = frame
    const why = frame.why || this.state.why
    this.become({ ...this.state, stage, step, hint, why, framesGood: frame.frames_good, problem: null })
  }

  /** What passes is waited for; a check that ended elsewhere needs a new one; everything else is told and stops. */
  private async failed(problem: Problem): Promise<void> {
    if (problem.passing || problem.code.startsWith('picture_')) {
      this.become({ ...this.state, problem })
      return pause(AWAY_MS)
    }
    this.become({ ...this.state, stage: OVER.has(problem.code) ? 'retry' : 'still', problem })
  }

  private become(state: CheckState): void {
    this.state = state
    this.changed(state)
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
