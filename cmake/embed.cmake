# cmake -DIN=FILE -DNAME=C_NAME -DOUT=FILE.c -P embed.cmake: a file's bytes as a C array that ends with a NUL.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include \"report/html.h\"\nconst char ${NAME}[] = {${bytes}0};\n")
