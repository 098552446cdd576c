"""What Flask offers while it answers a request."""

import flask
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp


def init():
    pass


@rawhttp
def run(request: AMLRequest):
    if request.args.get("give") == "jsonify":
        return flask.jsonify(answer=[1, "é"])
    if request.args.get("give") == "response":
        response = flask.make_response("made", 418)
        response.set_cookie("own", "1")
        return response
    return [flask.request.path, flask.request.args.get("a"), request.get_json(silent=True), request.full_path]
