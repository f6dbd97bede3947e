import { describe, expect, it } from 'vitest'
import { BYTES_MAX, kindOf, prepared, titleOf } from './evidence'

const file = (name: string, type: string, bytes = 10): File => new File([new Uint8Array(bytes)], name, { type })
const why = async (one: File): Promise<string> => prepared(one).then(() => 'taken', (error: Error) => error.message)

describe('a chosen file', () => {
  it.each([
    ['a.jpg', 'image/jpeg', 'picture'],
    ['a.PNG', '', 'picture'],
    ['a.heic', 'image/heic', 'other-picture'],
    ['a.pdf', 'application/pdf', 'pdf'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'unknown'],
    ['a.pdf', 'text/html', 'unknown'],
  ])('%s of type "%s" is of kind %s', (name, type, kind) => expect(kindOf({ name, type })).toBe(kind))

  it('is taken up to the limit, byte for byte, and refused above with the reason', async () => {
    const full = file('a.pdf', 'application/pdf', BYTES_MAX)
    expect(await prepared(full)).toBe(full)
    expect(await why(file('a.pdf', 'application/pdf', BYTES_MAX + 1))).toBe('upload.tooLarge')
    expect(await why(file('a.txt', 'text/plain'))).toBe('upload.wrongKind')
    expect(await why(file('a.jpg', 'image/jpeg', 0))).toBe('upload.empty')
  })

  it('is called by its name, unless the camera called it nothing', () => {
    expect(titleOf('执业证书.pdf', '拍照1')).toBe('执业证书.pdf')
    expect(titleOf('image.jpg', '拍照1')).toBe('拍照1')
    expect(titleOf('a\nb.jpg', '拍照1')).toBe('a b.jpg')
    expect([...titleOf('长'.repeat(300), '拍照1')]).toHaveLength(120)
  })
})
