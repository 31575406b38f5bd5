/**
 * Have the program's sockets been taken over by a stand-in for the network (nock, MSW)?
 *
 * Such a tool replaces `net.Socket.prototype.connect` and goes by the host that it is asked to connect to; the names that it answers for need not
 * exist. A name must then go to the socket as it is. Told by what `connect` does, not by whose it is: Node's asks the look-up that it is
 * given, also when something that only watches has been put around it; a stand-in does not.
 */
import { Socket } from 'node:net';

const { prototype } = Socket;

/** What was looked at last, and what it turned out to be. */
let looked: Socket['connect'] | undefined;
let answer = false;

export function areSocketsTakenOver(): boolean {
  const { connect } = prototype;
  if (connect === looked) return answer;
  looked = connect;
  answer = !asksLookup(connect);
  return answer;
}

function asksLookup(connect: Socket['connect']): boolean {
  const socket = new Socket();
  let asked = false;
  // What it does beyond is of no interest, and a probe ends nothing but itself.
  socket.on('error', () => {});
  const lookup = (): void => void (asked = true);
  try {
    Reflect.apply(connect, socket, [{ host: 'name.invalid', port: 9, lookup }]);
  } catch {
    // Not allowed to open sockets: then who asks will be told.
    asked = true;
  }
  socket.destroy();
  return asked;
}
