"""The Open Inference Protocol with nothing but Python."""

import json
import os
import struct
import tempfile
import time
import unittest

from hagane_worker import frames, oip

NUMBERS = {"name": "data", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}


def asked(head, binary=b"", route=oip.INFER):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    content_type = b"oip;%d" % len(text) if binary else b"oip"
    fixed = frames.SCORE.pack(time.monotonic() + 60, route, 0, 2, len(content_type), 0)
    return frames.Request(1, fixed + b"pr" + content_type + text + binary)


class Reading(unittest.TestCase):
    def test_values_come_in_json_flat_or_nested_and_as_bytes(self):
        self.assertEqual(oip.read(asked({"inputs": [NUMBERS]})).values, {"data": [[1, 2], [3, 4]]})
        nested = dict(NUMBERS, data=[[1, 2], [3, 4]])
        self.assertEqual(oip.read(asked({"inputs": [nested]})).values, {"data": [[1, 2], [3, 4]]})
        data = struct.pack("<2e", 0.5, 2) + struct.pack("<I", 2) + "é".encode()
        halves = {"name": "h", "datatype": "FP16", "shape": [2], "parameters": {"binary_data_size": 4}}
        text = {"name": "t", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 6}}
        self.assertEqual(oip.read(asked({"inputs": [halves, text]}, data)).values, {"h": [0.5, 2.0], "t": ["é"]})

    def test_a_shape_with_no_values_is_lists_of_nothing(self):
        for shape, value in (([0, 3], []), ([2, 0], [[], []]), ([2, 1, 0, 5], [[[]], [[]]])):
            self.assertEqual(oip.read(asked({"inputs": [dict(NUMBERS, shape=shape, data=[])]})).values, {"data": value})

    def test_what_is_wrong_is_named(self):
        for head, binary, words in (
            (b"{", b"", "not JSON"),
            ({"inputs": []}, b"", "a list of inputs"),
            ({"inputs": [dict(NUMBERS, shape=[3, 2])]}, b"", "asks for 6 values, found 4"),
            ({"inputs": [dict(NUMBERS, datatype="FP31")]}, b"", "inputs[0].datatype"),
            ({"inputs": [dict(NUMBERS, parameters={"binary_data_size": 99})]}, b"1234", "binary_data_size"),
            ({"inputs": [NUMBERS]}, b"1234", "no input claims"),
            ({"inputs": [dict(NUMBERS, shape=[10**12, 0], data=[])]}, b"", "too many lists of nothing"),
        ):
            with self.assertRaises(oip.RequestError) as caught:
                oip.read(asked(head, binary))
            self.assertEqual(caught.exception.status, 400)
            self.assertIn(words, caught.exception.message)

    def test_lists_may_be_nested_as_deep_as_they_like(self):
        for depth in (100, 500, 900, 990, 100000):
            text = json.dumps({"inputs": [dict(NUMBERS, data=[])]}).replace("[]", "[" * depth + "]" * depth)
            with self.assertRaises(oip.RequestError) as caught:
                oip.read(asked(text.encode()))
            self.assertEqual(caught.exception.status, 400)


class Answering(unittest.TestCase):
    def answer(self, predictions, specs=(), head=None):
        request = asked(dict(head or {}, inputs=[NUMBERS]))
        return oip.answer(request, oip.read(request), predictions, list(specs), 2)

    def test_rows_become_tensors_with_the_names_and_types_of_the_signature(self):
        body = json.loads(self.answer([1, 2]).body.decode())
        self.assertEqual(body["outputs"], [{"name": "predictions", "datatype": "INT64", "shape": [2], "data": [1, 2]}])
        self.assertEqual((body["id"], body["parameters"]), ("pr", {"prediction_id": "pr"}))
        records = json.loads(self.answer([{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}], [], {"id": "mine"}).body.decode())
        self.assertEqual([one["datatype"] for one in records["outputs"]], ["FP64", "BYTES"])
        self.assertEqual((records["id"], records["outputs"][0]["data"]), ("mine", [1.5, None]))
        typed = json.loads(self.answer([[0.5, 1], [2, 3]], [{"name": "p", "datatype": "FP32"}]).body.decode())
        self.assertEqual(typed["outputs"][0], {"name": "p", "datatype": "FP32", "shape": [2, 2], "data": [0.5, 1, 2, 3]})

    def test_outputs_come_as_bytes_when_asked_for(self):
        answer = self.answer([1.5, 2], [], {"parameters": {"binary_data_output": True}})
        headers = dict(answer.headers)
        self.assertEqual(headers["content-type"], "application/octet-stream")
        self.assertEqual(struct.unpack("<2d", answer.body[int(headers["inference-header-content-length"]) :]), (1.5, 2.0))


class Scripts(unittest.TestCase):
    def test_a_script_is_given_the_inputs_by_name_and_its_answer_becomes_tensors(self):
        from hagane_worker.script import load_script

        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "score.py"), "w") as file:
            file.write("import json\ndef init(): pass\ndef run(raw):\n    return [sum(row) for row in json.loads(raw)['data']]\n")
        here = os.getcwd()
        try:
            script = load_script({"code_dir": folder, "scoring_script": "score.py"})
        finally:
            os.chdir(here)
        answers = [answer for batch in script.answer([asked({"inputs": [NUMBERS]}), asked({"inputs": 1})]) for _, answer in batch]
        self.assertEqual(json.loads(answers[0].body.decode())["outputs"][0]["data"], [3, 7])
        self.assertEqual(answers[1].status, 400)

    def test_an_answer_that_cannot_be_written_is_one_failed_request(self):
        from hagane_worker.script import Script

        binary = {"inputs": [NUMBERS], "parameters": {"binary_data_output": True}}
        with self.assertLogs("hagane.score"):
            (((_, answer),),) = Script(lambda raw: [2**70], False, "score.py").answer([asked(binary)])
        self.assertEqual(answer.status, 500)


if __name__ == "__main__":
    unittest.main()
