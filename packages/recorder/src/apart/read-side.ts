import { once } from 'node:events'

import { CallPacker, packEnd, transferOf } from '../diff/align/call-packet.ts'
import { allCalls, sideOf } from '../diff/align/side.ts'
import { openRuns } from '../store/run-file.ts'
import { AHEAD, type Send, TAKEN, type ThreadStart } from './protocol.ts'

/** A packet is sent when it has so many rows, or calls. */
const PACKET_ROWS = 32_768
const PACKET_CALLS = 2048

/**
 * Reads one side of a comparison for read-apart.ts: sends the calls and what distinguishes them, is given the order in
 * which they are wanted, sends them in packets, then what was outside of them.
 */
export async function readSide(start: ThreadStart, send: Send): Promise<void> {
  const { place, request, counts, port } = start
  const { path, proofs } = place
  const runFile = await openRuns(path, { mode: 'read', proofs: proofs ?? undefined })
  const source = runFile.at(place)
  const calls = allCalls(source)
  const side = sideOf(source, request, calls)
  const ordered = once(port, 'message')
  send({ type: 'calls', calls, traits: side.traits })
  const [ops] = (await ordered) as [Float64Array]
  const byOp = new Map(calls.map((call) => [call.op, call]))
  const stream = side.stream()
  const packer = new CallPacker(side.texts)
  let sent = 0
  const flush = () => {
    const taken = Atomics.load(counts, TAKEN)
    if (sent - taken >= AHEAD) {
      Atomics.wait(counts, TAKEN, taken)
      return flush()
    }
    const packet = packer.take()
    send({ type: 'packet', packet }, transferOf(packet))
    sent++
  }
  for (const op of ops) {
    const data = stream.take(byOp.get(op)!)
    packer.add(data)
    stream.release(data)
    if (packer.rows >= PACKET_ROWS || packer.length >= PACKET_CALLS) flush()
  }
  if (packer.length > 0) flush()
  stream.finish()
  const { lost, seen } = stream
  send({
    type: 'end',
    end: packEnd(stream.outsideOf(), stream.outside, side.texts, { lost, seen }),
  })
  runFile.close()
}
