import os
import sys

for name in os.listdir(sys.argv[1]):
    print(name, open(os.path.join(sys.argv[1], name)).read().strip())
