# Warnings for all our code, and dml_room(): one source folder, one object library.
include(CheckCCompilerFlag)
add_library(dml_flags INTERFACE)
target_include_directories(dml_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(dml_flags INTERFACE _GNU_SOURCE DML_VERSION="${PROJECT_VERSION}")
target_compile_options(dml_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wpointer-arith -Wimplicit-fallthrough -Wdouble-promotion
  -fno-common -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Hardening, where the compiler has it. A sanitizer brings its own checks, which FORTIFY would hide from.
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "HAS${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    target_compile_options(dml_flags INTERFACE ${flag})
  endif()
endforeach()
if(NOT CMAKE_C_FLAGS MATCHES "sanitize")
  target_compile_options(dml_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(dml_flags INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack)
if(DML_WERROR)
  target_compile_options(dml_flags INTERFACE -Werror)
endif()
if(DML_DEBUG_ARENA)
  target_compile_definitions(dml_flags INTERFACE DML_DEBUG_ARENA)
endif()

# dml_room(NAME SOURCES... [LIBS...]): src/NAME as object library room_NAME; every room ends up in dmlint_core.
function(dml_room name)
  cmake_parse_arguments(R "" "" "SOURCES;LIBS" ${ARGN})
  add_library(room_${name} OBJECT ${R_SOURCES})
  target_link_libraries(room_${name} PUBLIC dml_flags ${R_LIBS})
  set_property(GLOBAL APPEND PROPERTY DML_ROOMS room_${name})
endfunction()
