import en from '@words/en/reg.json'
import zh from '@words/zh-CN/reg.json'
import { createI18n } from 'vue-i18n'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { badge, BROKEN_MS, InboxFeed, merged, messageText, type Message, type News, POLL_MS, REPAIR_MS, type Source } from './inbox'
import { Problem } from './problem'

const message = (id: number, more: Partial<Message> = {}): Message => ({
  message_id: id,
  code: 'M01',
  facts: {},
  count: 1,
  at: '2026-11-23T02:00:00Z',
  read_at: null,
  ...more,
})

const words = (locale: 'zh-CN' | 'en') => {
  const messages = { [locale]: { reg: locale === 'en' ? en : zh } } as Record<string, never>
  const { t, te } = createI18n({ legacy: false, locale: locale as string, messages, missingWarn: false }).global
  return { t: t as (key: string, named: Record<string, unknown>) => string, te: te as (key: string) => boolean }
}
const say = (locale: 'zh-CN' | 'en', one: Message, reads: 'person' | 'organisation' = 'person'): string =>
  messageText(words(locale), one, reads, locale)

describe('what a message says', () => {
  const returned = message(1, {
    code: 'M12',
    facts: { subject: 'profile', reason: '照片不清晰。', due_at: '2026-11-28T15:59:00Z' },
  })

  it('translates codes and writes instants in China’s time', () => {
    expect(say('zh-CN', returned)).toBe(
      '您提交的考核报名被卫生机构退回，原因：照片不清晰，请于2026/11/28 23:59前修改后重新提交。',
    )
    expect(say('en', returned)).toContain('“Registration” was returned by the institution. Reason: 照片不清晰. ')
  })

  it('leaves the deadline out where there is none', () => {
    const open = { ...returned, facts: { ...returned.facts, due_at: null } }
    const { due_at: _, ...without } = returned.facts
    for (const one of [open, { ...returned, facts: without }])
      expect(say('zh-CN', one)).toBe('您提交的考核报名被卫生机构退回，原因：照片不清晰，请修改后重新提交。')
  })

  it('says how an exam ended', () => {
    const over = message(1, { code: 'M27', facts: { reason: 'time', kind: 'humanities' } })
    expect(say('zh-CN', over)).toBe('已交卷（考试时间到），成绩待公布。')
  })

  it('names the fields that differ', () => {
    const failed = message(1, { code: 'M04', facts: { fields: 'name,practice_place' } })
    expect(say('zh-CN', failed)).toContain('姓名、执业地点与医师电子化注册系统不一致')
    expect(say('en', failed)).toContain('name, practice location differ')
  })

  it('counts for an organisation', () => {
    const one = message(1, { code: 'M10', facts: { name: '测试一', subject: 'profile' } })
    expect(say('zh-CN', one, 'organisation')).toBe('您有1条待审核：测试一考核报名。')
    expect(say('zh-CN', { ...one, count: 7 }, 'organisation')).toBe('今日有7条新的待审核，最近一条：测试一（考核报名）。')
    expect(say('zh-CN', message(1, { code: 'M33', count: 5 }), 'organisation')).toBe('5名医师待评定考核结果。')
  })

  it('shows a text as it came, whatever signs are in it', () => {
    const odd = message(1, { code: 'M18', facts: { reason: '{reason} | @:x <b>' } })
    expect(say('zh-CN', odd)).toBe('您不符合简易程序条件，请执行一般程序。原因：{reason} | @:x <b>')
  })

  it('says that there is one it has no words for', () => {
    expect(say('zh-CN', message(1, { code: 'M99' }))).toBe('有一条新消息（M99）。')
  })
})

describe('a list that grows', () => {
  const page = (ids: number[], next: number | null = null) => ({ unread: 0, messages: ids.map((id) => message(id)), next })
  const ids = (all: Message[]) => all.map((one) => one.message_id)

  it('keeps what was loaded of older messages below a new first page', () => {
    const held = [8, 7, 6, 5, 4].map((id) => message(id))
    expect(ids(merged(page([9, 8, 7], 7), held))).toEqual([9, 8, 7, 6, 5, 4])
  })

  it('drops a number that has moved to the top', () => {
    expect(ids(merged(page([9, 7, 6]), [8, 7, 6].map((id) => message(id))))).toEqual([9, 7, 6])
  })

  it('shows 99+ where the server counts no further', () => {
    expect([badge(1), badge(99), badge(100)]).toEqual(['1', '99', '99+'])
  })
})

class FakeSource implements Source {
  readyState = 0
  onerror: Source['onerror'] = null
  private readonly ears = new Map<string, (event: MessageEvent<string>) => void>()

  addEventListener(name: string, hear: (event: MessageEvent<string>) => void): void {
    this.ears.set(name, hear)
  }

  close(): void {
    this.readyState = 2
  }

  hear(name: string, data: object): void {
    this.ears.get(name)?.(new MessageEvent(name, { data: JSON.stringify(data) }))
  }

  fail(refused: boolean): void {
    this.readyState = refused ? 2 : 0
    this.onerror?.(new Event('error'))
  }
}

describe('a page that listens', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function page(answer: () => Promise<News> = async () => ({ unread: 0, newest: null }), streams = true) {
    const sources: FakeSource[] = []
    const told: string[] = []
    const state = { visible: true, polls: 0 }
    const feed = new InboxFeed(
      {
        open: () => {
          if (!streams) throw new Error('this browser has none')
          const source = new FakeSource()
          sources.push(source)
          return source
        },
        poll: () => {
          state.polls += 1
          return answer()
        },
        visible: () => state.visible,
      },
      {
        news: (news) => told.push(`${news.unread}`),
        fresh: (one) => told.push(`fresh ${one.message_id}`),
        ended: () => told.push('ended'),
      },
    )
    feed.start()
    const last = (): FakeSource => sources[sources.length - 1] as FakeSource
    const open = (): number => sources.filter((one) => one.readyState !== 2).length
    return { feed, sources, told, state, last, open }
  }
  const news = (unread: number, id: number, read = false): News => ({
    unread,
    newest: message(id, { read_at: read ? '2026-11-23T02:00:00Z' : null }),
  })

  it('tells of a new message once, not of what was there before, nor of one that was read elsewhere', () => {
    const { last, told } = page()
    last().hear('inbox', news(2, 5))
    last().hear('inbox', news(3, 6))
    last().hear('inbox', news(0, 6, true))
    last().hear('inbox', news(0, 7, true))
    expect(told).toEqual(['2', '3', 'fresh 6', '0', '0'])
  })

  it('does not poll while the stream speaks, but now and then all the same', async () => {
    const { last, state } = page()
    last().hear('inbox', news(0, 1))
    await vi.advanceTimersByTimeAsync(REPAIR_MS - 1)
    expect(state.polls).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(state.polls).toBe(1)
  })

  it('polls where a proxy lets no event through', async () => {
    const { state, told } = page(async () => news(1, 1))
    await vi.advanceTimersByTimeAsync(2 * POLL_MS)
    expect(state.polls).toBe(2)
    expect(told).toEqual(['1', '1'])
  })

  it('polls at once and every half minute where there are no streams', async () => {
    const { state } = page(async () => news(1, 1), false)
    await vi.advanceTimersByTimeAsync(2 * POLL_MS)
    expect(state.polls).toBe(3)
  })

  it('asks soon when the stream breaks, leaves coming back to the browser, and opens one that was refused', async () => {
    const { last, state, sources } = page()
    last().hear('inbox', news(0, 1))
    last().fail(false)
    expect(state.polls).toBe(0)
    await vi.advanceTimersByTimeAsync(BROKEN_MS)
    expect([state.polls, sources.length]).toEqual([1, 1])
    last().fail(true)
    await vi.advanceTimersByTimeAsync(BROKEN_MS)
    expect([state.polls, sources.length]).toEqual([2, 2])
  })

  it('asks nothing when it was stopped after its stream broke, as whoever logs out does', async () => {
    const { last, feed, state } = page()
    last().hear('inbox', news(0, 1))
    last().fail(false)
    feed.stop()
    await vi.advanceTimersByTimeAsync(10 * REPAIR_MS)
    expect(state.polls).toBe(0)
  })

  it('ends when nobody is logged in any more', async () => {
    const { last, told, open } = page(async () => {
      throw new Problem('not_logged_in', 401)
    })
    last().hear('inbox', news(1, 1))
    last().fail(true)
    await vi.advanceTimersByTimeAsync(10 * REPAIR_MS)
    expect(told).toEqual(['1', 'ended'])
    expect(open()).toBe(0)
  })

  it('goes on asking while the server is away', async () => {
    let away = true
    const { told } = page(async () => {
      if (away) throw new Problem('no_network', 0)
      return news(4, 4)
    }, false)
    await vi.advanceTimersByTimeAsync(2 * POLL_MS)
    expect(told).toEqual([])
    away = false
    await vi.advanceTimersByTimeAsync(POLL_MS)
    expect(told).toEqual(['4'])
  })

  it('opens no stream again when it had to give way, until somebody looks at this page', async () => {
    const { last, sources, state, feed } = page()
    last().hear('inbox', news(0, 1))
    last().hear('bye', { code: 'too_many' })
    await vi.advanceTimersByTimeAsync(3 * POLL_MS)
    expect(sources.length).toBe(1)
    expect(state.polls).toBe(3)
    feed.looked()
    expect(sources.length).toBe(2)
  })

  it('holds neither stream nor timer while nobody looks, and catches up when somebody does', async () => {
    const { feed, state, open, sources } = page()
    state.visible = false
    feed.looked()
    await vi.advanceTimersByTimeAsync(10 * REPAIR_MS)
    expect([open(), state.polls]).toEqual([0, 0])
    state.visible = true
    feed.looked()
    expect([open(), sources.length]).toEqual([1, 2])
  })

  it('says nothing more once it was stopped', async () => {
    let answer: (news: News) => void = () => undefined
    const { feed, told, open } = page(() => new Promise((resolve) => (answer = resolve)), false)
    feed.stop()
    answer(news(9, 9))
    await vi.advanceTimersByTimeAsync(10 * REPAIR_MS)
    expect(told).toEqual([])
    expect(open()).toBe(0)
  })
})
