import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ExamSession } from './session'
import { ExamServer } from './testing/exam-server'
import { MemoryDrawer } from './testing/memory-drawer'

let server: ExamServer
let drawer: MemoryDrawer
let names: string[]
const sessions: ExamSession[] = []

const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(50).then(() => undefined)

async function opened(device = 'device-1'): Promise<ExamSession> {
  const devices = { claim: async () => device, renew: async () => names.shift() ?? 'device-9' }
  const session = new ExamSession(1, server, drawer, devices, () => undefined, () => 0.5)
  sessions.push(session)
  await session.open()
  await settle()
  return session
}

beforeEach(() => {
  vi.useFakeTimers()
  server = new ExamServer()
  drawer = new MemoryDrawer()
  names = ['device-2', 'device-3']
})
afterEach(() => {
  sessions.splice(0).forEach((session) => session.close())
  vi.useRealTimers()
})

describe('a session', () => {
  it('saves an answer and says so', async () => {
    const session = await opened()
    session.choose(3, 'b')
    expect(session.state).toMatchObject({ sign: 'saving', pending: 1 })
    await settle()
    expect(session.state).toMatchObject({ sign: 'saved', pending: 0 })
    expect(session.state.answers.get(3)).toBe('b')
    expect(server.journal).toEqual([{ type: 'answer', seq: 1, no: 3, choice: 'b' }])
  })

  it('shows what was chosen while the line is down, and sends it when it is back', async () => {
    const session = await opened()
    server.current.cut()
    session.choose(1, 'a')
    session.choose(1, 'c')
    await settle()
    expect(session.state).toMatchObject({ sign: 'offline', pending: 2 })
    expect(session.state.answers.get(1)).toBe('c')
    server.current.connect()
    await settle()
    expect(session.state.sign).toBe('saved')
    expect(server.journal.map((one) => 'choice' in one && one.choice)).toEqual(['a', 'c'])
  })

  it('does not send twice what arrived although its acknowledgement was lost', async () => {
    const session = await opened()
    server.swallow = true
    session.choose(1, 'a')
    await settle()
    server.current.cut()
    server.swallow = false
    server.current.connect()
    await settle()
    expect(server.journal).toHaveLength(1)
    expect(session.state.pending).toBe(0)
  })

  it('keeps answers given in a pause and saves them when it is over', async () => {
    const session = await opened()
    server.happen({ type: 'paused', reason: '停电', by: 1 }, { paused: true })
    session.choose(2, 'b')
    await settle()
    expect(session.state).toMatchObject({ sign: 'held', pending: 1 })
    server.happen({ type: 'resumed', deadline_at: '2026-01-01T01:10:00Z', by: 1 }, { paused: false })
    await settle()
    expect(session.state).toMatchObject({ sign: 'saved', pending: 0 })
    expect(server.journal).toHaveLength(1)
  })

  it('drops what can never be saved, tells it, and does not lose what came after', async () => {
    const session = await opened()
    server.current.cut()
    session.choose(1, 'z')
    session.choose(2, 'b')
    await settle()
    server.current.connect()
    await settle()
    expect(session.state.saying).toMatchObject({ code: 'no_such_option', facts: { no: 1 } })
    expect(server.journal).toEqual([{ type: 'answer', seq: 1, no: 2, choice: 'b' }])
    expect(session.state.answers.has(1)).toBe(false)
  })

  it('goes on after a reload in the same tab with what was left', async () => {
    const first = await opened()
    server.current.cut()
    first.choose(1, 'a')
    await settle()
    first.close()
    const second = await opened()
    expect(second.state.stage).toBe('exam')
    expect(server.journal).toHaveLength(1)
  })

  it('has the paper that comes with the start, keeps it, and asks for none', async () => {
    server.view_ = { ...server.view_, phase: 'ready' }
    const session = await opened()
    session.start()
    await settle()
    expect(session.state).toMatchObject({ stage: 'exam', paper: { attempt_id: 1 } })
    expect(drawer.papers.has(1)).toBe(true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(server.asked).toBe(0)
  })

  it('asks for the paper when none comes with the start', async () => {
    server.view_ = { ...server.view_, phase: 'ready' }
    server.keepsPaper = true
    const session = await opened()
    session.start()
    await settle()
    expect(session.state.paper).toBeNull()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(session.state.paper).not.toBeNull()
    expect(server.asked).toBe(1)
  })

  it('asks at once when the line breaks before the paper came', async () => {
    server.view_ = { ...server.view_, phase: 'ready' }
    server.keepsPaper = true
    const session = await opened()
    session.start()
    await settle()
    server.current.cut()
    await settle()
    expect(server.asked).toBe(1)
    expect(session.state.paper).not.toBeNull()
  })

  it('opens without network after a reload, with the paper and the answers', async () => {
    const first = await opened()
    first.choose(1, 'a')
    await vi.advanceTimersByTimeAsync(1_000)
    first.close()
    server.reachable = false
    const second = await opened()
    expect(second.state).toMatchObject({ stage: 'exam', sign: 'offline' })
    expect(second.state.paper).not.toBeNull()
    expect(second.state.answers.get(1)).toBe('a')
    expect(second.countdown.left()).toBeLessThanOrEqual(3_600_000)
  })

  it('hands in once, after everything chosen before', async () => {
    const session = await opened()
    session.choose(1, 'a')
    session.handIn()
    session.choose(2, 'b')
    expect(session.state.handingIn).toBe(true)
    await settle()
    expect(server.journal.map((one) => one.type)).toEqual(['answer', 'hand_in'])
    expect(session.state.handingIn).toBe(true)
    const ending = { as_of: '2026-01-01T00:20:00Z', ending: 'candidate', unanswered: 9 } as const
    server.happen({ type: 'submitted', ...ending, seq: 2 }, { phase: 'submitted' })
    expect(session.state).toMatchObject({ stage: 'submitted', handingIn: false })
    expect(drawer.papers.size).toBe(0)
  })

  it('takes no more once its clock draws zero, and asks only when the bell was not heard, until told how it ended', async () => {
    const asked = (): number => server.said.filter((one) => one.type === 'time_up').length
    server.view_ = { ...server.view_, grace_s: 5, clock: { remaining_ms: 1_500, ticking: true } }
    const session = await opened()
    await vi.advanceTimersByTimeAsync(8_000)
    expect(session.state.timeIsUp).toBe(true)
    expect(asked()).toBe(0)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(asked()).toBe(1)
    await vi.advanceTimersByTimeAsync(11_000)
    expect(asked()).toBe(3)
    session.choose(1, 'a')
    expect(session.state.pending).toBe(0)
    server.happen({ type: 'submitted', as_of: '2026-01-01T01:00:00Z', ending: 'time', unanswered: 10 })
    expect(session.state).toMatchObject({ stage: 'submitted', timeIsUp: false })
  })

  it('takes the time back when an extension arrives at the last moment', async () => {
    server.view_ = { ...server.view_, clock: { remaining_ms: 500, ticking: true } }
    const session = await opened()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(session.state.timeIsUp).toBe(true)
    const clock = { remaining_ms: 300_000, ticking: true }
    server.happen({ type: 'extended', seconds: 300, reason: '补偿', deadline_at: '2026-01-01T01:05:00Z', by: 1 }, { clock })
    expect(session.state).toMatchObject({ timeIsUp: false, saying: { code: 'extended', facts: { minutes: 5 } } })
  })

  it('says start again after a broken line, and only until it has started', async () => {
    server.view_ = { ...server.view_, phase: 'ready', clock: null }
    const session = await opened()
    server.current.cut()
    session.start()
    server.current.connect()
    await settle()
    server.happen({ type: 'started', deadline_at: '2026-01-01T01:00:00Z' }, { phase: 'running' })
    await settle()
    expect(server.said.filter((one) => one.type === 'start')).toHaveLength(1)
    expect(session.state).toMatchObject({ stage: 'exam', starting: false })
  })
})

describe('another device', () => {
  it('taking over stops this one at once', async () => {
    const session = await opened()
    server.holder = 'elsewhere'
    server.happen({ type: 'device_taken', device: 'elsewhere' })
    expect(session.state.stage).toBe('superseded')
    session.choose(1, 'a')
    expect(session.state.pending).toBe(0)
  })

  it('having answered meanwhile makes unsent answers of before undeliverable, and they are shown', async () => {
    const session = await opened()
    server.current.cut()
    session.choose(1, 'a')
    await settle()
    server.holder = 'elsewhere'
    server.journal.push({ type: 'answer', seq: 1, no: 5, choice: 'e' })
    server.current.connect()
    await settle()
    expect(session.state.stage).toBe('superseded')
    await session.retake()
    expect(session.state).toMatchObject({ stage: 'portrait', device: 'device-2' })
    server.holder = 'device-2'
    server.happen({ type: 'device_taken', device: 'device-2' })
    await settle()
    expect(session.state.stage).toBe('exam')
    expect(session.state.lost).toMatchObject([{ no: 1, choice: 'a' }])
    expect(server.journal).toHaveLength(1)
    await session.dismissLost()
    expect(drawer.rows).toEqual([])
  })

  it('of the same browser, gone with answers unsent, is finished by the page that follows it', async () => {
    const first = await opened()
    server.current.cut()
    first.choose(1, 'a')
    first.choose(2, 'b')
    await settle()
    first.close()
    const second = await opened('device-7')
    expect(second.state.stage).toBe('portrait')
    server.holder = 'device-7'
    server.happen({ type: 'device_taken', device: 'device-7' })
    await settle()
    expect(server.journal.map((one) => [one.seq, 'no' in one && one.no])).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect(second.state).toMatchObject({ pending: 0, lost: [] })
    expect(drawer.rows).toEqual([])
  })
})

it('a notice of a rule comes with the rule, so that the page can say it in its own words', async () => {
  const session = await opened()
  server.happen({ type: 'warned', notice: 1, level: 'warning', text: '请保持在考试页面', by: 0, rule: 'left_page:3:2' })
  server.happen({ type: 'warned', notice: 2, level: 'message', text: '请抬头', by: 4 })
  expect(session.state.view?.notices.map((one) => one.rule)).toEqual(['left_page:3:2', ''])
})

describe('a clock that stands', () => {
  it('is known to stand, also to a page that opens without network', async () => {
    const first = await opened()
    const clock = { remaining_ms: 1_000_000, ticking: false }
    server.happen({ type: 'paused', reason: '停电', by: 1 }, { paused: true, clock })
    expect(first.state.ticking).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    first.close()
    server.reachable = false
    await vi.advanceTimersByTimeAsync(60_000)
    const second = await opened()
    expect(second.countdown.left()).toBe(1_000_000)
  })
})
