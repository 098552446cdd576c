from shared_tools.words import WORD

print("included", WORD)
