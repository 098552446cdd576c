import json
import sys
import unittest

from hagane_worker import monitoring
from hagane_worker.frames import ANSWERED, COLLECTED, HEAD, Answer, pack_answer

try:
    import pandas
except ImportError:
    pandas = None

PREDICTION = "pr-0123456789abcdef-01KB0000000000000000G00000"  # stands at exactly one half


def taken():
    data = monitoring.take()
    documents = []
    while data:
        length = int.from_bytes(data[:4], "little")
        documents.append(json.loads(data[5 : 4 + length].decode("utf-8")))
        data = data[4 + length :]
    return documents


class CollectorTest(unittest.TestCase):
    def setUp(self):
        monitoring.install({"model_inputs": 1, "Rare": 0.5, "often": 0.51, "request": 1})
        monitoring.begin(PREDICTION)
        monitoring.take()

    def test_the_modules_that_scripts_import_are_there(self):
        from azureml.ai.monitoring import Collector
        from azureml.ai.monitoring.context import BasicCorrelationContext, CorrelationContext

        self.assertIs(sys.modules["azureml.ai.monitoring"].Collector, Collector)
        self.assertIs(BasicCorrelationContext, CorrelationContext)
        self.assertEqual(str(BasicCorrelationContext(id="mine")), "mine")

    def test_what_is_not_enabled_is_raised_or_told_to_on_error(self):
        with self.assertRaisesRegex(Exception, "collection other is not enabled"):
            monitoring.Collector(name="other")
        errors = []
        collector = monitoring.Collector(name="request", on_error=errors.append)
        context = collector.collect("anything")
        self.assertEqual([str(error) for error in errors], ["collection request is not enabled, drop the data"] * 2)
        self.assertEqual(context.get_id(), PREDICTION)
        monitoring.Collector(name="", on_error=errors.append)
        self.assertEqual(str(errors[-1]), "collection name is not provided")
        monitoring.install({})
        monitoring.Collector(name="model_inputs", on_error=errors.append)
        self.assertEqual(str(errors[-1]), "custom logging is not enabled, drop the data")
        self.assertEqual(monitoring.take(), b"")

    def test_only_data_frames_are_taken(self):
        with self.assertRaisesRegex(TypeError, r"data type \(list\) not supported"):
            monitoring.Collector(name="model_inputs").collect([1])
        errors = []
        monitoring.Collector(name="model_inputs", on_error=errors.append).collect(None)
        self.assertIsInstance(errors[0], TypeError)

    def test_an_answer_carries_what_was_collected_in_front_of_it(self):
        answer = Answer(200, b"x")
        answer.collected = b"data"
        packed = pack_answer(7, answer)
        length, kind, frame = HEAD.unpack_from(packed)
        self.assertEqual((kind, frame, packed[HEAD.size : length + 4]), (COLLECTED, 7, b"data"))
        self.assertEqual(HEAD.unpack_from(packed, length + 4)[1:], (ANSWERED, 7))

    @unittest.skipUnless(pandas, "pandas is not installed")
    def test_frames_are_taken_with_their_correlation_by_share(self):
        frame = pandas.DataFrame({"a": [1, 2], "é": ["x", None]})
        context = monitoring.Collector(name="model_inputs").collect(frame)
        monitoring.Collector(name="rare").collect(frame, context)
        monitoring.Collector(name="often").collect(frame, monitoring.CorrelationContext(id="own"))
        rows = [{"a": 1, "é": "x"}, {"a": 2, "é": None}]
        self.assertEqual(
            taken(),
            [
                {"collection": "model_inputs", "correlation_id": PREDICTION, "rows": rows},
                {"collection": "often", "correlation_id": "own", "rows": rows},
            ],
        )
        self.assertEqual(taken(), [])


if __name__ == "__main__":
    unittest.main()
