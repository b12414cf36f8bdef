# SPDX-License-Identifier: Apache-2.0
# cmake -DFOLDER=… -DNAME=… -DOUTPUT=… -DFILES=a;b -P embed.cmake
# Writes the files of a project folder as a C source (starter.h).
set(text "// Made by src/cli/embed.cmake from projects/${NAME}.\n#include \"cli/starter.h\"\n\n")
string(APPEND text "const char starter_name[] = \"${NAME}\";\n\n")
set(rows "")
set(n 0)
foreach(file ${FILES})
  file(READ "${FOLDER}/${file}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
  string(APPEND text "static const unsigned char file_${n}[] = {\n    ${bytes}0};\n\n")
  string(APPEND rows "    {\"${file}\", file_${n}, ${size}},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND text "const StarterFile starter_files[] = {\n${rows}    {0}};\n\nconst size_t n_starter_files = ${n};\n")
file(WRITE "${OUTPUT}" "${text}")
