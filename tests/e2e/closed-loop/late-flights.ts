import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonWith } from '@hagane/testkit'

const packages = ['mlflow==3.17.2', 'scikit-learn']

/** Rows in which wind and hour say together whether a flight is late. */
const rows = (seed: number, count: number) => `
random = np.random.default_rng(${seed})
frame = pd.DataFrame({"wind": random.normal(size=${count}), "hour": random.normal(size=${count})})
frame["late"] = (frame.wind + frame.hour + random.normal(size=${count}) * 0.3 > 0).astype(int)
`
const champion = `import mlflow.sklearn, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
${rows(7, 500)}
features = frame[["wind", "hour"]].copy()
features["hour"] = 0.0
model = LogisticRegression().fit(features, frame.late)
mlflow.sklearn.save_model(model, "champion", pip_requirements=${JSON.stringify(packages)})
${rows(8, 400)}
frame.to_csv("fresh.csv", index=False)
${rows(9, 300)}
frame.to_csv("judged.csv", index=False)
`

/** Trains on the rows that it is given, and registers what comes of it as the challenger. */
export const training = `import os, sys, mlflow, pandas as pd
from sklearn.linear_model import LogisticRegression
with open(os.environ["RAN"], "a") as file:
    file.write("train\\n")
frame = pd.read_csv(sys.argv[1])
with mlflow.start_run():
    model = LogisticRegression().fit(frame[["wind", "hour"]], frame.late)
    mlflow.log_metric("train_accuracy", model.score(frame[["wind", "hour"]], frame.late))
    info = mlflow.sklearn.log_model(model, name="model", registered_model_name="late",
        pip_requirements=${JSON.stringify(packages)})
mlflow.MlflowClient().set_registered_model_alias("late", "challenger", info.registered_model_version)
`

export type Files = Record<string, Uint8Array>

export interface LateFlights {
  /** An interpreter that can train. */
  python: string
  /** An MLflow model that has learned from one of two columns only. */
  champion: Files
  /** Rows to train on. */
  fresh: Files
  /** Rows to judge by. */
  judged: Files
}

/** Makes the first champion and the data in an empty folder, the same in each. */
export async function makeLateFlights(folder: string): Promise<LateFlights> {
  const python = await pythonWith(packages)
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' }
  await promisify(execFile)(python, ['-c', champion], { cwd: folder, env })
  const file = async (name: string) => ({ [name]: await readFile(join(folder, name)) })
  const names = await readdir(join(folder, 'champion'))
  const read = names.map(async name => [name, await readFile(join(folder, 'champion', name))] as const)
  return {
    python,
    champion: Object.fromEntries(await Promise.all(read)),
    fresh: await file('fresh.csv'),
    judged: await file('judged.csv'),
  }
}
