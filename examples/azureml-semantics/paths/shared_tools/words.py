WORD = "beside the code"
