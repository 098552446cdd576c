export { guardedConnection, isPrivateAddress } from './private-addresses.ts'
export { openSender, type Sender } from './sender.ts'
