"""The channel: frames come out whole, and what has arrived together comes out together."""

import socket
import unittest

from hagane_worker import frames


class Channels(unittest.TestCase):
    def setUp(self):
        self.near, self.far = socket.socketpair()
        self.channel = frames.Channel(self.near)

    def tearDown(self):
        self.near.close()
        self.far.close()

    def test_what_has_arrived_comes_out_together(self):
        self.far.sendall(frames.pack(1, 7, b"a") + frames.pack(2, 8, b""))
        self.assertEqual(self.channel.receive(), [(1, 7, b"a"), (2, 8, b"")])

    def test_a_frame_in_pieces_waits_for_its_end(self):
        whole = frames.pack(1, 7, b"payload")
        self.far.sendall(frames.pack(3, 1, b"") + whole[:10])
        self.assertEqual(self.channel.receive(), [(3, 1, b"")])
        self.far.sendall(whole[10:])
        self.assertEqual(self.channel.receive(), [(1, 7, b"payload")])

    def test_a_frame_larger_than_the_socket_buffer_comes_out_whole(self):
        import threading

        payload = bytes(range(256)) * 8192
        sender = threading.Thread(target=self.far.sendall, args=(frames.pack(1, 7, payload),))
        sender.start()
        self.assertEqual(self.channel.receive(), [(1, 7, payload)])
        sender.join()

    def test_a_gateway_that_has_gone_gives_no_frames(self):
        self.far.close()
        self.assertEqual(self.channel.receive(), [])

    def test_an_answer_is_packed_as_the_gateway_reads_it(self):
        packed = frames.pack_answer(9, frames.Answer(200, b"[1]", 2, [("a", "b")]))
        length, kind, frame_id = frames.HEAD.unpack_from(packed)
        self.assertEqual((length + 4, kind, frame_id), (len(packed), frames.ANSWERED, 9))
        self.assertEqual(frames.ANSWER.unpack_from(packed, frames.HEAD.size), (200, 2, len('[["a", "b"]]')))
        self.assertTrue(packed.endswith(b'[["a", "b"]][1]'))


if __name__ == "__main__":
    unittest.main()
