"""Writes what was found: importance.json, values.jsonl, report.html."""

import html
import json
import math
import os

PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px system-ui;margin:2em;max-width:60em}}td{{padding:2px 8px;white-space:nowrap}}
.bar{{background:#4573b8;height:12px}}td.n{{text-align:right;font-variant-numeric:tabular-nums}}</style>
<h1>{title}</h1><p>{about}</p><table>{rows}</table>"""


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


def write(folder, facts, importance, values, inputs):
    """Importance is told largest first; a row's values stand beside what went in."""
    os.makedirs(folder, exist_ok=True)
    ranked = sorted(importance.items(), key=lambda item: -item[1])
    features = [{"name": str(name), "importance": number(value)} for name, value in ranked]
    with open(os.path.join(folder, "importance.json"), "w", encoding="utf-8") as file:
        json.dump({**facts, "features": features}, file, ensure_ascii=False, indent=1)
    with open(os.path.join(folder, "values.jsonl"), "w", encoding="utf-8") as file:
        for i in range(len(inputs)):
            told = {str(name): number(column[i]) for name, column in values.items()}
            row = json.loads(inputs.iloc[[i]].to_json(orient="records", date_format="iso"))[0]
            file.write(json.dumps({"row": i, "values": told, "inputs": row}, ensure_ascii=False) + "\n")
    largest = max([value for _, value in ranked] or [1]) or 1
    lines = [
        '<tr><td>{}</td><td class="n">{:.6g}</td><td style="width:30em"><div class="bar" style="width:{:.1f}%"></div></td></tr>'.format(
            html.escape(str(name)), value, 100 * max(0, value) / largest
        )
        for name, value in ranked
    ]
    about = "{method}, {rows} rows".format(**facts)
    page = PAGE.format(title=html.escape("What moves " + facts["model"]), about=html.escape(about), rows="".join(lines))
    with open(os.path.join(folder, "report.html"), "w", encoding="utf-8") as file:
        file.write(page)
