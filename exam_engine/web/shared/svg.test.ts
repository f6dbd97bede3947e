import { describe, expect, it } from 'vitest'
import { pictureOf } from './svg'

const NAMED = '<svg xmlns="http://www.w3.org/2000/svg" width="1"></svg>'

describe('a picture drawn as SVG', () => {
  it.each([NAMED, '<svg width="1"></svg>'])('is an image with its namespace, once: %s', (svg) => {
    const url = pictureOf(svg)
    expect(url.startsWith('data:image/svg+xml,')).toBe(true)
    expect(decodeURIComponent(url.slice('data:image/svg+xml,'.length))).toBe(NAMED)
  })
})
