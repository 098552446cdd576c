set -e
az extension add -n ml -y
az account set -s "00000000-0000-0000-0000-000000000000"
az configure --defaults group=team workspace=default location=eastus
echo "workspace $(az configure -l --query "[?name=='workspace'].value" -o tsv)"
echo "group $(az configure -l --query "[?name=='group'].value" -o tsv)"
echo "tracking $(az ml workspace show --query mlflow_tracking_uri -o tsv)"

az ml compute create -n cpu-cluster --type amlcompute --min-instances 0 --max-instances 2 --size Standard_DS3_v2 -o none
[ -n "$(az ml compute show -n cpu-cluster --query name)" ]
az ml environment create --name plain --version 1 --image python:3.11 -o none
az ml component create -f reader.yml -o none
az ml component create -f reader.yml -o none
az ml data create -f data.yml -o none
az ml data update --name numbers --version 1 --set description="two numbers" -o none
echo "data $(az ml data show --name numbers --label latest --query "[version, description]" -o tsv | tr '\n' ' ')"

name=$(az ml job create -f pipeline.yml --set settings.force_rerun=True --query name -o tsv)
az ml job stream -n $name > stream.txt
steps=$(az ml job list --parent-job-name $name --query "[].name" -o tsv | wc -l)
echo "steps $((steps))"
first=$(az ml job list --parent-job-name $name --query "[?display_name=='make'] | [0].name" | sed 's/"//g')
az ml job download --name $first --output-name numbers --download-path downloads
echo "downloaded $(cat downloads/named-outputs/numbers/answer.txt)"
az ml model create --name answer --version 7 --type custom_model --path azureml://jobs/$first/outputs/numbers/paths/answer.txt -o none
echo "model $(az ml model show --name answer --label latest --query version --output tsv)"
az ml model archive -n answer --version 7
az ml job update -n $name --set display_name="updated name" experiment_name="another" tags.hello="updated tag" -o none
az ml job list --query "[?contains(display_name,'updated')].tags.hello" -o tsv
az ml compute delete --name cpu-cluster --yes
