/** The device check before an exam: each part answers for itself, a word of `words/app.check`. */
import { api, got } from '@shared/api'
import { capture, closeCamera, openCamera, troubleOf } from './camera'

export type Grade = 'running' | 'ok' | 'warn' | 'bad'

export interface Finding {
  grade: Grade
  word: string
  facts: Record<string, number>
}

export type Part = 'secure' | 'camera' | 'network' | 'storage' | 'battery'
export const PARTS: readonly Part[] = ['camera', 'network', 'storage', 'battery', 'secure']

const SLOW_MS = 800
const LOW_PERCENT = 20
const LIGHT_MS = 600

const finding = (grade: Grade, word: string, facts: Record<string, number> = {}): Finding => ({ grade, word, facts })
export const RUNNING = finding('running', 'running')

/** Cameras begin dark and find their light within half a second. */
async function isDark(stream: MediaStream): Promise<boolean> {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.srcObject = stream
  await video.play()
  await new Promise((resolve) => setTimeout(resolve, LIGHT_MS))
  const { dark } = await capture(video)
  video.srcObject = null
  return dark
}

async function camera(): Promise<Finding> {
  if (!navigator.mediaDevices) return finding('bad', 'secureBad')
  try {
    const stream = await openCamera()
    const dark = await isDark(stream).finally(() => closeCamera(stream))
    return dark ? finding('warn', 'cameraDark') : finding('ok', 'cameraOk')
  } catch (error) {
    const trouble = troubleOf(error)
    return finding('bad', { denied: 'cameraDenied', none: 'cameraNone', busy: 'cameraBusy', insecure: 'secureBad' }[trouble])
  }
}

async function network(): Promise<Finding> {
  try {
    const times: number[] = []
    for (let round = 0; round < 3; round += 1) {
      const began = performance.now()
      await got(api.GET('/api/session'))
      times.push(performance.now() - began)
    }
    const ms = Math.round(Math.min(...times))
    return ms > SLOW_MS ? finding('warn', 'networkSlow', { ms }) : finding('ok', 'networkOk', { ms })
  } catch {
    return finding('bad', 'networkBad')
  }
}

function storage(): Promise<Finding> {
  return new Promise((resolve) => {
    const bad = (): void => resolve(finding('warn', 'storageBad'))
    try {
      const request = indexedDB.open('exam-check', 1)
      request.onerror = request.onblocked = bad
      request.onsuccess = () => {
        request.result.close()
        indexedDB.deleteDatabase('exam-check')
        resolve(finding('ok', 'storageOk'))
      }
    } catch {
      bad()
    }
  })
}

interface Battery {
  level: number
  charging: boolean
}

async function battery(): Promise<Finding> {
  const asked = (navigator as Navigator & { getBattery?: () => Promise<Battery> }).getBattery
  const state = await asked?.call(navigator).catch(() => null)
  if (!state) return finding('ok', 'batteryUnknown')
  const percent = Math.round(state.level * 100)
  return percent < LOW_PERCENT && !state.charging
    ? finding('warn', 'batteryLow', { percent })
    : finding('ok', 'batteryOk', { percent })
}

async function secure(): Promise<Finding> {
  return window.isSecureContext ? finding('ok', 'secureOk') : finding('bad', 'secureBad')
}

export const checks: Record<Part, () => Promise<Finding>> = { camera, network, storage, battery, secure }
