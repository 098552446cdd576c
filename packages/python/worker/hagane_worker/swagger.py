"""What a deployment takes and answers, as JSON schemas; the gateway wraps them into OpenAPI 2 and 3."""

import json
import os


def of_script(run, folders, decorated):
    """Schemas of inference_schema, and documents that lie in one of `folders`: swagger.json, swagger2.json, swagger3.json."""
    documents = {}
    for version, names in (("2", ("swagger.json", "swagger2.json")), ("3", ("swagger3.json",))):
        for file in (os.path.join(folder, name) for name in names for folder in folders):
            if version not in documents and os.path.isfile(file):
                with open(file, encoding="utf-8") as source:
                    documents[version] = json.load(source)
    anything = {"type": "object", "example": {}}
    if not decorated:
        return {"documents": documents, "input": anything, "output": anything}
    from inference_schema.schema_util import get_input_schema, get_output_schema

    return {"documents": documents, "input": get_input_schema(run), "output": get_output_schema(run)}


def of_table(fields):
    """`fields` are (name, type, required) of a column signature; without names the columns are known by position."""
    columns = [str(name) for name, _, _ in fields]
    told = ", ".join("%s: %s%s" % (name, kind, "" if required else " (optional)") for name, kind, required in fields)
    split = {
        "type": "object",
        "description": told,
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "index": {"type": "array", "items": {"type": "integer"}},
            "data": {"type": "array", "items": {"type": "array", "items": {}}},
        },
        "required": ["columns", "data"],
        "example": {"columns": columns, "data": []},
    }
    return {"type": "object", "properties": {"input_data": split}, "required": ["input_data"]}


def of_anything():
    return {"type": "object", "properties": {"input_data": {}}, "required": ["input_data"]}
