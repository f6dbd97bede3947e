/** A chart that keeps the size of its box and is gone with its component. */

import type { EChartsCoreOption } from 'echarts/core'
import { type ECharts, init } from 'echarts/core'
import { onBeforeUnmount, onMounted, type Ref, watch } from 'vue'

export const INK = '#566765'
export const GRID = '#dbe4e3'

export function useChart(box: Ref<HTMLElement | null>, option: () => EChartsCoreOption): void {
  let chart: ECharts | null = null
  let observer: ResizeObserver | null = null
  const draw = () => chart?.setOption(option(), { notMerge: true })

  onMounted(() => {
    if (box.value === null) return
    chart = init(box.value)
    observer = new ResizeObserver(() => chart?.resize())
    observer.observe(box.value)
    draw()
  })
  watch(option, draw)
  onBeforeUnmount(() => {
    observer?.disconnect()
    chart?.dispose()
  })
}

/** Letters of a chart: those of the page, where it is drawn. */
export function letters(
  box: HTMLElement | null,
  fontSize = 12,
): { color: string; fontSize: number; fontFamily: string } {
  return { color: INK, fontSize, fontFamily: box === null ? '' : getComputedStyle(box).fontFamily }
}
