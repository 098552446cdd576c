# run-to-end.sh JOB [--set …]: submits, polls the status as scripts for Azure do; 0 completed, 1 failed, 2 otherwise
job=$1
shift
run_id=$(az ml job create -f "$job" --query name -o tsv "$@")
if [[ -z "$run_id" ]]; then
  echo "creation failed"
  exit 3
fi
az ml job show -n $run_id --query services.Studio.endpoint
status=$(az ml job show -n $run_id --query status -o tsv)
running=("Queued" "NotStarted" "Starting" "Preparing" "Running" "Finalizing")
while [[ ${running[*]} =~ $status ]]; do
  sleep 0.2
  status=$(az ml job show -n $run_id --query status -o tsv)
done
echo "$run_id $status"
[[ $status == "Completed" ]] && exit 0
[[ $status == "Failed" ]] && exit 1
exit 2
