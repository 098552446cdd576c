/** A Prefect flow of `steps` tasks in a row that do nothing, in one process, each with a result that is kept and reused. */
export const prefectChain = (steps: number): string => `import sys
from prefect import flow, task
from prefect.cache_policies import INPUTS, NO_CACHE

again = sys.argv[1] == "reused"


@task(cache_policy=INPUTS if again else NO_CACHE, persist_result=again)
def step(n):
    return n + 1


@flow
def chain():
    value = 0
    for _ in range(${steps}):
        value = step(value)


chain()
`
