import { expect, it } from 'vitest'
import { isUnreachable } from './unreachable-index.ts'

it.each([
  'error: Failed to fetch: `https://index/simple/six/`\n  Caused by: HTTP status server error (503 Service Unavailable) for url',
  'HTTP status server error (502 Bad Gateway) for url (https://index/simple/six/)',
  'ERROR: HTTP error 500 while getting https://index/six.whl',
  'ERROR: 504 Server Error: Gateway Time-out for url: https://index/simple/',
  'error sending request for url',
  'NewConnectionError: [Errno 111] Connection refused',
])('an index does not answer when the tool says %j', output => expect(isUnreachable(output)).toBe(true))

it.each([
  'Because only some<=1.500 is available and you require some>=2, we can conclude that your requirements are unsatisfiable.',
  'Resolved 501 packages in 3s\nerror: No solution found',
  'HTTP status client error (404 Not Found) for url',
])('and answers when it says %j', output => expect(isUnreachable(output)).toBe(false))
