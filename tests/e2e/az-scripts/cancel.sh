set -e
run_id=$(az ml job create -f hello.yml --set command='sleep 300' --query name -o tsv)
az ml job cancel -n $run_id -o none
az ml job stream -n $run_id > stream.txt || echo "stream ended with $?"
az ml job show -n $run_id --query status -o tsv
