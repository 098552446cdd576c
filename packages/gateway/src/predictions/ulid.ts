import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const pairs = Array.from({ length: 1024 }, (_, n) => `${alphabet[n >> 5]}${alphabet[n & 31]}`)
const pool = Buffer.alloc(4096)
let used = pool.length
let lastTime = -1
let lastText = ''

function timeText(time: number): string {
  if (time === lastTime) return lastText
  let rest = time
  let text = ''
  for (let digit = 0; digit < 5; digit += 1) {
    text = (pairs[rest % 1024] as string) + text
    rest = Math.floor(rest / 1024)
  }
  lastTime = time
  lastText = text
  return text
}

/** A ULID (https://github.com/ulid/spec): 48 bits of epoch milliseconds and 80 random bits in Crockford's base 32. */
export function ulid(time: number): string {
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let text = timeText(time)
  for (let pair = 0; pair < 8; pair += 1) text += pairs[pool.readUInt16LE(used + 2 * pair) & 1023]
  used += 16
  return text
}
