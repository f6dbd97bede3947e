import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '@shared/inbox'
import { onMessage, tellMessage } from '../inbox/news'
import { aRow } from '../testing/review'
import { filterFrom } from './filters'
import { reviewHttp } from './http'
import { concerns, newsIn } from './news'
import { forgetQueue, useQueue } from './useQueue'

const message = (code: string, facts: Message['facts'] = { subject: 'profile' }): Message => ({
  message_id: 1,
  code,
  facts,
  count: 1,
  at: '2026-03-02T01:00:00Z',
  read_at: null,
})

it('messages of reviews are news of the queue, others are not', () => {
  expect(['M10', 'M11', 'M25'].map((code) => newsIn(message(code)))).toEqual(['coming', 'coming', 'coming'])
  expect(newsIn(message('M14'))).toBe('moving')
  expect(['M01', 'M13', 'M33'].map((code) => newsIn(message(code)))).toEqual([null, null, null])
})

it('a list narrowed to another part lacks nothing', () => {
  expect(concerns(message('M10'), { subject: 'evaluation' })).toBe(false)
  expect(concerns(message('M10'), { subject: 'profile' })).toBe(true)
  expect(concerns(message('M10'), { subject: '' })).toBe(true)
  expect(concerns(message('M10', {}), { subject: 'evaluation' })).toBe(true)
})

it('who listens hears of a message until he stops', () => {
  const heard: string[] = []
  const stop = onMessage(({ code }) => heard.push(code))
  tellMessage(message('M10'))
  stop()
  tellMessage(message('M11'))
  expect(heard).toEqual(['M10'])
})

describe('the queue', () => {
  const queue = useQueue()
  let onServer = [aRow(1), aRow(2)]
  let counted = 0

  beforeEach(() => {
    onServer = [aRow(1), aRow(2)]
    counted = 0
    vi.spyOn(reviewHttp, 'page').mockImplementation(async () => ({ rows: onServer, next: null }))
    vi.spyOn(reviewHttp, 'counts').mockImplementation(async () => {
      counted += 1
      return { waiting: onServer.length, counts: [] }
    })
    forgetQueue()
    queue.aim(filterFrom({}, 'institution'))
  })
  afterEach(() => vi.restoreAllMocks())

  const ids = (): number[] => queue.held.value.rows.map((row) => row.file_id)
  const settled = (): Promise<void> => vi.waitFor(() => expect(queue.waiting.value).toBe(onServer.length))

  it('counts anew and says that there is more, and moves no row until it is asked to', async () => {
    await queue.load()
    onServer = [aRow(3), aRow(1), aRow(2)]

    queue.hear(message('M10'))
    await settled()

    expect([queue.waiting.value, queue.news.value, ids()]).toEqual([3, true, [1, 2]])
    await queue.restart()
    expect([queue.news.value, ids()]).toEqual([false, [3, 1, 2]])
  })

  it('shows at once what came to an empty list', async () => {
    onServer = []
    await queue.load()
    onServer = [aRow(3)]

    queue.hear(message('M11'))
    await settled()

    await vi.waitFor(() => expect(ids()).toEqual([3]))
    expect(queue.news.value).toBe(false)
  })

  it('counts when a file was given back, and does not call that something new', async () => {
    await queue.load()

    queue.hear(message('M14'))
    queue.hear(message('M33'))

    expect([counted, queue.news.value]).toEqual([1, false])
  })

  it('looks again without inserting above what is read, and forgets the news with its reader', async () => {
    await queue.load()
    onServer = [aRow(3), aRow(1, { opened_by: '测试员' }), aRow(2)]

    await queue.look()

    expect([queue.news.value, ids(), queue.held.value.rows[0]?.opened_by]).toEqual([true, [1, 2], '测试员'])
    forgetQueue()
    expect(queue.news.value).toBe(false)
  })
})
